"""Greedy for any weights and costs. The arrays are called as in matrix.greedy; more of them, in every kernel:
unit int32 (F,)                        the weights in whole numbers, each rounded up, so that sums of them are exact
worth, key int32 (N,)                  what each sample gains in these: alone, and in the round; < 0 for closed ones
reach float64 (N,)                     key times this is at least the gain times quality over what it is divided by
divisor int64 (N,)                     what gain times quality is divided by: the cost, or 1
top float64 (B,)                       at least the largest key times reach of each block of samples
base int64                             the mark of a feature not counted in this round
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit

from core.matrix.greedy import fill, keep_open
from core.matrix.transpose import row_sums

RESOLUTION = 2.0**28  # the whole number of the largest gain
SLACK = 1 + 1e-9  # more than rounding takes off or adds to a sum of millions of weights
CLOSED = np.int32(-(2**30))  # the key of a sample that can no longer be picked in a round; it may fall further
STEP = 3 / 4  # samples are looked at down to this share of the largest gain, then down to this share of that
TINY = 1e-300  # below it numbers lose their places
BLOCK = 512  # samples scanned at once


def greedy_heap(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    allowed: np.ndarray,
    initial: np.ndarray,
    cost: np.ndarray,
    quality: np.ndarray,
    budget: int,
    r: int,
    per_cost: bool,
    group: np.ndarray,
    room: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Greedy for weights float64 (F,) ≥ 0 and costs int64 (N,) ≥ 1: (rows int64 (K,), round int32 (K,)).

    fptr, sample: the transpose. Takes the largest gain times quality float64 (N,) ≥ 0 (over cost if `per_cost`), ties
    to the lowest row, of those that still fit in `budget` and in the room int64 (G,) of their group int32 (N,); what a
    group cannot use is there for the others at last.
    """
    divisor = cost if per_cost else np.ones_like(cost)
    alone = row_sums(indptr, feature, weight)
    full, largest = alone * quality / divisor, alone.max(initial=0)
    unit, worth = _whole(indptr, feature, weight, largest)
    reach = np.where(full > 0, np.maximum(largest / RESOLUTION * SLACK * quality / divisor, TINY), 0)
    rows, rounds, n = np.empty(len(full), np.int64), np.ones(len(full), np.int32), len(initial)
    rows[:n], is_open = initial, allowed.copy()
    is_open[initial] = False
    n, budget, rounds[n:] = _rounds(
        indptr, feature, fptr, sample, weight, unit, worth, reach, cost, quality, divisor, group, room.copy(), is_open,
        rows, rounds, n, budget - int(cost[initial].sum()), r,
    )  # fmt: skip
    n = fill(np.flatnonzero(is_open & (full == 0)), cost, budget, rows, n)
    return rows[:n], rounds[:n]


def _whole(
    indptr: np.ndarray, feature: np.ndarray, weight: np.ndarray, largest: float
) -> tuple[np.ndarray, np.ndarray]:
    """unit, and worth: what the samples have of it. largest: the most that one has of the weights."""
    if largest == 0:
        return np.zeros(len(weight), np.int32), np.zeros(len(indptr) - 1, np.int32)
    whole = np.where(weight > 0, np.floor(np.minimum(weight / largest, 1) * RESOLUTION) + 1, 0)
    return whole.astype(np.int32), row_sums(indptr, feature, whole).astype(np.int32)


@njit(cache=True, nogil=True)
def _rounds(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    unit: np.ndarray,
    worth: np.ndarray,
    reach: np.ndarray,
    cost: np.ndarray,
    quality: np.ndarray,
    divisor: np.ndarray,
    group: np.ndarray,
    room: np.ndarray,
    is_open: np.ndarray,
    rows: np.ndarray,
    rounds: np.ndarray,
    n: int,
    budget: int,
    r: int,
) -> tuple[int, int, int]:
    """Round after round while any open sample fits, after the first n of `rows`; how many there are then, the budget
    that is left, and the number of the last round. Samples that no room is left for get that of all at the end.
    """
    mark, key, seen = np.zeros(len(weight), np.int64), np.empty_like(worth), np.empty_like(worth)
    top, size = np.empty((len(key) + BLOCK - 1) // BLOCK), indptr[1:] - indptr[:-1]
    listed, number, fresh = len(sample), 1, n == 0
    for row in rows[:n]:
        _credit(row, r, r, indptr, feature, fptr, sample, unit, mark, key)
    for lifted in (False, True):
        if lifted:
            room[:] = budget
        while budget > 0:
            if 2 * size[is_open].sum() < listed:
                fptr, sample = keep_open(fptr, sample, is_open, weight == 0)
                listed = len(sample)
            start = n
            _begin(fptr, sample, unit, worth, reach, is_open, mark, number * r, r, key, top)
            n, budget = _round(
                indptr, feature, fptr, sample, weight, unit, reach, cost, quality, divisor, group, room, mark, key,
                seen, top, is_open, rows, n, budget, number * r, r,
            )  # fmt: skip
            rounds[start:n] = number
            if n == start and fresh:
                break
            number, fresh = number + 1, True
        if number > 1:  # back to the last round with picks
            number, fresh = number - 1, False
    return n, budget, number


@njit(cache=True)
def _begin(
    fptr: np.ndarray,
    sample: np.ndarray,
    unit: np.ndarray,
    worth: np.ndarray,
    reach: np.ndarray,
    is_open: np.ndarray,
    mark: np.ndarray,
    base: int,
    r: int,
    key: np.ndarray,
    top: np.ndarray,
) -> None:
    """The keys and tops of a round, of which picks may have been made already."""
    top[:] = 0
    for row in range(len(key)):
        key[row] = worth[row] if is_open[row] else CLOSED
        top[row // BLOCK] = max(top[row // BLOCK], key[row] * reach[row])
    for f in range(len(mark)):
        if mark[f] - base >= r:
            for k in range(fptr[f], fptr[f + 1]):
                key[np.uint32(sample[k])] -= unit[f]


@njit(cache=True)
def _round(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    unit: np.ndarray,
    reach: np.ndarray,
    cost: np.ndarray,
    quality: np.ndarray,
    divisor: np.ndarray,
    group: np.ndarray,
    room: np.ndarray,
    mark: np.ndarray,
    key: np.ndarray,
    seen: np.ndarray,
    top: np.ndarray,
    is_open: np.ndarray,
    rows: np.ndarray,
    n: int,
    budget: int,
    base: int,
    r: int,
) -> tuple[int, int]:
    """The picks of one round after the first n of `rows`: how many there are then, and what is left of `budget`.

    Each pick lowers the keys of all samples with the features that it completes. Those of the largest keys are in a
    heap, first by key, and at the top of it by their gain, computed anew: what a sample gains is unchanged while its
    key, which `seen` keeps, is.
    """
    heap: list[Any] = [(0.0, np.int64(0)) for _ in range(0)]  # an empty one of this type
    least = np.inf
    while budget > 0 and least > 0:
        least = min(top.max(), least) * STEP
        least = least if least > TINY else 0.0
        _gather(key, reach, top, least, heap, seen)
        while len(heap) > 0 and -heap[0][0] > least:
            bound, row = heapq.heappop(heap)
            if cost[row] > min(budget, room[group[row]]):
                key[row] = CLOSED
            elif seen[row] == key[row]:
                rows[n], n, is_open[row], key[row] = row, n + 1, False, CLOSED
                budget, room[group[row]] = budget - cost[row], room[group[row]] - cost[row]
                _credit(row, base, r, indptr, feature, fptr, sample, unit, mark, key)
            elif key[row] * reach[row] < -bound:
                if key[row] * reach[row] > least:
                    heapq.heappush(heap, (-key[row] * reach[row], row))
            else:
                seen[row] = key[row]
                gain = _gain(row, base, r, indptr, feature, weight, mark) * quality[row] / divisor[row]
                heapq.heappush(heap, (-gain, row))
        heap.clear()
    return n, budget


@njit(cache=True)
def _gather(
    key: np.ndarray, reach: np.ndarray, top: np.ndarray, least: float, heap: list[Any], seen: np.ndarray
) -> None:
    """Put the samples of keys times reach above `least` into the heap; what `top` says of their blocks is renewed."""
    for b in range(len(top)):
        if top[b] > least:
            top[b] = 0
            for row in range(b * BLOCK, min(len(key), (b + 1) * BLOCK)):
                bound = key[row] * reach[row]
                if bound > least:
                    heap.append((-bound, row))
                    seen[row] = CLOSED
                top[b] = max(top[b], bound)
    heapq.heapify(heap)


@njit(cache=True)
def _gain(
    row: int, base: int, r: int, indptr: np.ndarray, feature: np.ndarray, weight: np.ndarray, mark: np.ndarray
) -> float:
    """Marginal gain, summed in the order of the features."""
    total = 0.0
    for j in range(indptr[row], indptr[row + 1]):
        if mark[feature[j]] - base < r:
            total += weight[feature[j]]
    return total


@njit(cache=True)
def _credit(
    row: int,
    base: int,
    r: int,
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    unit: np.ndarray,
    mark: np.ndarray,
    key: np.ndarray,
) -> None:
    """Credit a pick with its features that are counted fewer than r times; those that it completes lower the keys."""
    for f in feature[indptr[row] : indptr[row + 1]]:
        if mark[f] - base < r:
            mark[f] = max(mark[f], base) + 1
            if mark[f] - base == r and unit[f] > 0:
                for k in range(fptr[f], fptr[f + 1]):
                    key[np.uint32(sample[k])] -= unit[f]
