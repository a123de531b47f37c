"""Loops over sparse sets that numpy alone would be slow at. Knows arrays only, neither files nor types.

N samples, F features, nnz entries, K picks, G groups. In every kernel:
    indptr int64 (N+1,), feature int32 (nnz,)     the matrix in CSR form, rows sorted by feature
    fptr int64 (F+1,), sample int32 (nnz,)        its transpose: the samples of each feature, ascending
    skip bool (F,), weight float64 (F,)           features without credit; what each feature counts
    r; most, left uint8 or int64 (F,)             picks of a round a feature may be credited to, at most and still
    allowed, is_open bool (N,), gain int32 (N,)   who may be picked, what each would add to the round
    cost int64 (N,), quality float64 (N,)         what each takes of the budget; what its gain is multiplied by
    group int32 (N,), room int64 (G,)             what each group may take of the budget
    rows int64, rounds, gains int32 (K,)          picks in order; start, initial int64: those that it goes on after
    mark int64 (F,), todo int32 (F+1,)            how often a feature is counted (see below); scratch

Rounds need no clearing: in round t a feature counted n times has mark = t·r + n, and a smaller mark means n = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

CLOSED = np.int32(-(2**30))  # the gain of a sample that can no longer be picked: it may fall further, but not rise
AHEAD, READ, LINE = 64, 64, 16  # posting lists begun at once, how far, and how much of one a cache line holds
BLOCK = 512  # samples scanned at once


@njit(cache=True)
def keep_open(
    fptr: np.ndarray, sample: np.ndarray, is_open: np.ndarray, skip: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The posting lists without the samples that are no candidates any more and the features without credit."""
    kept_ptr, kept, n = np.empty_like(fptr), np.empty_like(sample), 0
    for f in range(len(fptr) - 1):
        kept_ptr[f] = n
        for k in range(fptr[f], fptr[f + 1]):
            if is_open[sample[k]] and not skip[f]:
                kept[n], n = sample[k], n + 1
    kept_ptr[-1] = n
    return kept_ptr, kept[:n].copy()


def credits(skip: np.ndarray, r: int) -> np.ndarray:
    """How many picks of a round each feature may be credited to: r, or 0 where `skip` bool (F,); as small as can be."""
    return np.where(skip, 0, r).astype(np.uint8 if r < 256 else np.int64)


@njit(cache=True)
def _cover(
    row: int,
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    left: np.ndarray,
    gain: np.ndarray,
    todo: np.ndarray,
) -> None:
    """Credit a pick; each feature that it completes lowers the gain of every sample that has it, once a round.

    The beginnings of some lists are read before the first of them is walked: their ways from memory overlap then. What
    that and the unsigned index save, `benchmarks.selection` says (claim 7): a third and a tenth of a round.
    """
    n, heads = 0, 0
    for j in range(indptr[row], indptr[row + 1]):
        f = feature[j]
        if left[f]:
            left[f] -= 1
            if not left[f]:
                todo[n], n = f, n + 1
    for begin in range(0, n, AHEAD):
        end = min(n, begin + AHEAD)
        for f in todo[begin:end]:
            for k in range(fptr[f], min(fptr[f + 1], fptr[f] + READ), LINE):
                heads += sample[k]
        for f in todo[begin:end]:
            for k in range(fptr[f], fptr[f + 1]):
                gain[np.uint32(sample[k])] -= 1  # unsigned: no test for an index from the end
    todo[-1] = heads  # kept, lest the compiler find the reads useless


@njit(cache=True)
def highest(gain: np.ndarray) -> int:
    """The largest of gains int8 or int32 (N,), N ≥ 1; LLVM makes vector instructions of this, but not of max(), nor of
    a part of a larger array.
    """
    top = gain[0]
    for i in range(len(gain)):
        if gain[i] > top:
            top = gain[i]
    return top


@njit(cache=True)
def _round(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    left: np.ndarray,
    gain: np.ndarray,
    rows: np.ndarray,
    gains: np.ndarray,
    todo: np.ndarray,
) -> int:
    """Fill `rows` and `gains` with the picks of one round among the samples of positive gain; return how many.

    Gains only fall: each scan picks all samples of the highest gain, by row, while it is theirs, and finds a bound of
    the highest that is left. Some hundred scans of N numbers are cheaper than to keep the samples in any order.
    """
    n, level = 0, highest(gain)
    while level > 1:
        below: Any = np.int32(0)  # the dtype of the gains: numba unifies no others
        for begin in range(0, len(gain), BLOCK):
            end = min(len(gain), begin + BLOCK)
            top = highest(gain[begin:end])
            if top >= level:
                for row in range(begin, end):
                    if gain[row] == level:
                        rows[n], gains[n], n = row, level, n + 1
                        if n == len(rows):
                            return n
                        _cover(row, indptr, feature, fptr, sample, left, gain, todo)
                        gain[row] = CLOSED
                top = highest(gain[begin:end])
            below = max(below, top)
        level = below
    last = _last_picks(fptr, sample, left, gain, rows[n:]) if level == 1 else 0
    gains[n : n + last] = 1
    return n + last


@njit(cache=True)
def _last_picks(fptr: np.ndarray, sample: np.ndarray, left: np.ndarray, gain: np.ndarray, rows: np.ndarray) -> int:
    """The picks of a round in which no sample gains more than 1, without walking their rows: each feature brings in the
    first samples that gain it, as many as it may be credited to.
    """
    found, n = np.empty(len(gain), np.int64), 0
    for f in range(len(left)):
        for k in range(fptr[f], fptr[f + 1]):
            if not left[f]:
                break
            if gain[sample[k]] == 1:
                found[n], n = sample[k], n + 1
                left[f] -= 1
    found, n = np.sort(found[:n]), min(n, len(rows))
    rows[:n] = found[:n]
    return n


@njit(cache=True, nogil=True)
def greedy(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    most: np.ndarray,
    allowed: np.ndarray,
    start: np.ndarray,
    start_rounds: np.ndarray,
    budget: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """SAE-GreedSelect (arXiv 2502.14050) for equal weights, ties to the lowest row.

    fptr, sample: the transpose; most (F,): how many picks of a round a feature may be credited to; allowed bool (N,).
    Goes on after the picks start int64 of the rounds start_rounds int32 (0 for pins), which are part of the budget.
    Returns rows int64 (K,), round int32 (K,) and gain int32 (K,), 0 for those that it goes on after.
    """
    full = (indptr[1:] - indptr[:-1]).astype(np.int32)
    for f in np.flatnonzero(most == 0):
        for k in range(fptr[f], fptr[f + 1]):
            full[sample[k]] -= 1
    is_open, left, todo = allowed.copy(), most.copy(), np.empty(len(most) + 1, np.int32)
    rows, rounds, gains = np.empty(budget, np.int64), np.ones(budget, np.int32), np.zeros(budget, np.int32)
    n, number = len(start), 1
    for k in range(n):
        rows[k], rounds[k] = start[k], max(start_rounds[k], 1)
        is_open[start[k]], number = False, rounds[k]
    last, worth = number, np.where(is_open, full, 0)
    gain = np.where(is_open, full, CLOSED)
    for k in range(n):
        if rounds[k] == number:
            _cover(rows[k], indptr, feature, fptr, sample, left, gain, todo)
    while n < budget and worth.any():
        last = number
        if 2 * worth.sum() < len(sample):
            fptr, sample = keep_open(fptr, sample, is_open, most == 0)
        picks = _round(indptr, feature, fptr, sample, left, gain, rows[n:], gains[n:], todo)
        is_open[rows[n : n + picks]], worth[rows[n : n + picks]] = False, 0
        rounds[n : n + picks] = number
        n, number = n + picks, number + 1
        gain, left = np.where(is_open, full, CLOSED), most.copy()
    rest = np.flatnonzero(is_open & (full == 0))[: budget - n]  # nothing to gain from them: by row
    rows[n : n + len(rest)], rounds[n : n + len(rest)] = rest, last
    n += len(rest)
    return rows[:n], rounds[:n], gains[:n]


@njit(cache=True, nogil=True)
def first_gains(
    indptr: np.ndarray, feature: np.ndarray, fptr: np.ndarray, sample: np.ndarray, budget: int
) -> np.ndarray:
    """What each pick of the first round of `greedy` adds, nothing vetoed, pinned or banned: int32 (K,), K ≤ budget."""
    gain, left = (indptr[1:] - indptr[:-1]).astype(np.int32), np.ones(len(fptr) - 1, np.uint8)
    rows, gains, todo = np.empty(budget, np.int64), np.empty(budget, np.int32), np.empty(len(fptr), np.int32)
    return gains[: _round(indptr, feature, fptr, sample, left, gain, rows, gains, todo)]


@njit(cache=True)
def fill(order: np.ndarray, cost: np.ndarray, budget: int, rows: np.ndarray, n: int) -> int:
    """Put the samples of `order` that still fit in `budget` into rows[n:], one by one; return the new n."""
    for row in order:
        if cost[row] <= budget:
            rows[n], n, budget = row, n + 1, budget - cost[row]
    return n
