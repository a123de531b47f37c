"""Greedy of many rounds, for sets of few features: samples lie in chunks whose gains fit in the nearest cache.

The arrays are called as in matrix.greedy; more of them, in every kernel:
    worth int8 (N,)                       what each sample adds to an empty round; CLOSED for one that cannot be picked
    gain int8 (N,)                        what each adds to this round, as far as its chunk has been told of the picks
    ptr int64 (C, F+1), near uint16       posting lists of each chunk, samples numbered from its beginning
    live int64 (L,), count int64 (F,)     features that open samples have, and how many of these
    done int32 (F,), paid int64 (F+1,)    features completed in this round, in order; their entries, summed up
    told int64 (C,)                       how many of `done` the gains of a chunk know; -1 before its first of a round
    best, top int8 (C,)                   the largest worth of each chunk, and at least its largest gain
    at, head int64 (F,)                   in which chunk, and where there, the first open sample of a feature may be
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.matrix.greedy import highest

CHUNK = 32_768  # samples of a chunk
BLOCK = 512  # samples scanned at once
MOST = 127  # features of a sample at most
CLOSED, LEAST = -1, -128  # gains that stay negative, however much is taken off the one, or counted onto the other


def chunked_greedy(
    indptr: np.ndarray,
    feature: np.ndarray,
    most: np.ndarray,
    allowed: np.ndarray,
    start: np.ndarray,
    start_rounds: np.ndarray,
    budget: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `matrix.greedy.greedy` gives, without posting lists, for sets of at most MOST features.

    Whenever half of the entries are used up, the chunks are made anew without them: late rounds cost less.
    """
    rows, rounds, gains = np.empty(budget, np.int64), np.ones(budget, np.int32), np.zeros(budget, np.int32)
    n, number = len(start), max(int(start_rounds[-1]), 1) if len(start) else 1
    rows[:n], rounds[:n] = start, np.maximum(start_rounds, 1)
    left = most.copy()
    for row in rows[:n][rounds[:n] == number]:
        own = feature[indptr[row] : indptr[row + 1]]
        left[own] -= left[own] > 0
    is_open, names, last = allowed.copy(), np.arange(len(allowed)), number
    is_open[rows[:n]], full = False, worths(indptr, feature, most)
    worth = np.where(is_open & (full > 0), full, CLOSED).astype(np.int8)
    while n < budget and (worth > 0).any():
        indptr, feature, names, worth = _of_open(indptr, feature, most, names, worth)
        ptr, near = _chunks(indptr, feature, len(most))
        begin, (last, n, number) = n, _rounds(
            indptr, feature, ptr, near, most, left, worth, rows, rounds, gains, n, number
        )  # fmt: skip
        rows[begin:n] = names[rows[begin:n]]
    is_open[rows[:n]] = False
    rest = np.flatnonzero(is_open & (full == 0))[: budget - n]  # nothing to gain from them: by row
    rows[n : n + len(rest)], rounds[n : n + len(rest)] = rest, last
    n += len(rest)
    return rows[:n], rounds[:n], gains[:n]


@njit(cache=True)
def worths(indptr: np.ndarray, feature: np.ndarray, most: np.ndarray) -> np.ndarray:
    """How many features of each sample may earn credit: int32 (N,)."""
    worth = np.zeros(len(indptr) - 1, np.int32)
    for row in range(len(worth)):
        for j in range(indptr[row], indptr[row + 1]):
            worth[row] += most[feature[j]] > 0
    return worth


@njit(cache=True)
def _of_open(
    indptr: np.ndarray, feature: np.ndarray, most: np.ndarray, names: np.ndarray, worth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The matrix of the open samples and of the features that may earn credit, with their names and worths."""
    kept = np.flatnonzero(worth > 0)
    ptr, n = np.zeros(len(kept) + 1, np.int64), 0
    for row in kept:
        n += worth[row]
    used, n = np.empty(n, np.int32), 0
    for i in range(len(kept)):
        for j in range(indptr[kept[i]], indptr[kept[i] + 1]):
            if most[feature[j]]:
                used[n], n = feature[j], n + 1
        ptr[i + 1] = n
    return ptr, used, names[kept], worth[kept]


@njit(cache=True)
def _chunks(indptr: np.ndarray, feature: np.ndarray, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """The posting lists of each chunk: ptr, near."""
    n_samples = len(indptr) - 1
    ptr = np.zeros(((n_samples + CHUNK - 1) // CHUNK, n_features + 1), np.int64)
    near = np.empty(len(feature), np.uint16)
    for c in range(len(ptr)):
        begin, end, own = c * CHUNK, min(n_samples, (c + 1) * CHUNK), ptr[c]
        for f in feature[indptr[begin] : indptr[end]]:
            own[f + 1] += 1
        own[0] = indptr[begin]
        for f in range(n_features):
            own[f + 1] += own[f]
        place = own[:-1].copy()
        for row in range(begin, end):
            for f in feature[indptr[row] : indptr[row + 1]]:
                near[place[f]], place[f] = row - begin, place[f] + 1
    return ptr, near


@njit(cache=True, nogil=True)
def _rounds(
    indptr: np.ndarray,
    feature: np.ndarray,
    ptr: np.ndarray,
    near: np.ndarray,
    most: np.ndarray,
    left: np.ndarray,
    worth: np.ndarray,
    rows: np.ndarray,
    rounds: np.ndarray,
    gains: np.ndarray,
    n: int,
    number: int,
) -> tuple[int, int, int]:
    """Round after round, the first of them with the credits `left`, until half of the entries are used up, or there is
    nothing to do: the number of the last round, how many picks there are then, and the number of the next round.
    """
    count, last, entries = np.zeros(len(most), np.int64), number, len(feature)
    for f in feature:
        count[f] += 1
    live = np.flatnonzero(count)
    best = np.array([highest(worth[b : b + CHUNK]) for b in range(0, len(worth), CHUNK)])
    at, head = np.zeros(len(most), np.int64), ptr[0, :-1].copy()
    gain, top, told = np.empty_like(worth), np.empty_like(best), np.empty(len(best), np.int64)
    done, paid = np.empty(len(most), np.int32), np.zeros(len(most) + 1, np.int64)
    while n < len(rows) and 2 * entries > len(feature):
        top[:], told[:], last = best, -1, number
        picks = _round(
            indptr, feature, ptr, near, left, worth, gain, live, count, done, paid, told, top, at, head, rows[n:],
            gains[n:],
        )  # fmt: skip
        for row in rows[n : n + picks]:
            entries -= indptr[row + 1] - indptr[row]
            for f in feature[indptr[row] : indptr[row + 1]]:
                count[f] -= 1
        for c in np.unique(rows[n : n + picks] // CHUNK):
            best[c] = highest(worth[c * CHUNK : (c + 1) * CHUNK])
        rounds[n : n + picks] = number
        n, number, live = n + picks, number + 1, live[count[live] > 0]
        left[:] = most
    return last, n, number


@njit(cache=True)
def _round(
    indptr: np.ndarray,
    feature: np.ndarray,
    ptr: np.ndarray,
    near: np.ndarray,
    left: np.ndarray,
    worth: np.ndarray,
    gain: np.ndarray,
    live: np.ndarray,
    count: np.ndarray,
    done: np.ndarray,
    paid: np.ndarray,
    told: np.ndarray,
    top: np.ndarray,
    at: np.ndarray,
    head: np.ndarray,
    rows: np.ndarray,
    gains: np.ndarray,
) -> int:
    """Fill `rows` and `gains` with the picks of one round; return how many.

    Gains only fall, so a chunk is told of the picks when it is its turn to be looked at: those of the highest gain are
    picked by row, and what the largest is that they leave in the chunk is kept.
    """
    n, m, listed = 0, 0, count[live].sum()
    for f in live[left[live] == 0]:  # by picks of this round that it goes on after
        done[m], paid[m + 1], m = f, paid[m] + count[f], m + 1
    level = highest(top)
    while level > 1 and paid[m] < listed:
        for c in range(len(top)):
            if top[c] < level:
                continue
            begin, own, lists = c * CHUNK, gain[c * CHUNK : (c + 1) * CHUNK], ptr[c]
            _tell(own, worth[begin : begin + CHUNK], lists, near, left, live, done[:m], paid, told[c], listed - paid[m])
            below = CLOSED
            for b in range(0, len(own), BLOCK):
                block = own[b : b + BLOCK]
                if highest(block) >= level:
                    for i in range(len(block)):
                        if block[i] == level:
                            row, before = begin + b + i, m
                            rows[n], gains[n], n, worth[row], block[i] = row, level, n + 1, CLOSED, CLOSED
                            m = _credit(feature[indptr[row] : indptr[row + 1]], left, count, done, paid, m)
                            if n == len(rows):
                                return n
                            _take(own, lists, near, done[before:m])
                below = max(below, highest(block))
            top[c], told[c] = below, m
        level = highest(top)
    last = _last_picks(ptr, near, left, worth, live, at, head, rows[n:]) if paid[m] < listed else 0
    gains[n : n + last] = 1
    return n + last


@njit(cache=True)
def _credit(
    features: np.ndarray, left: np.ndarray, count: np.ndarray, done: np.ndarray, paid: np.ndarray, m: int
) -> int:
    """Credit the features of a pick; how many are completed then, m before."""
    for f in features:
        if left[f]:
            left[f] -= 1
            if not left[f]:
                done[m], paid[m + 1], m = f, paid[m] + count[f], m + 1
    return m


@njit(cache=True)
def _tell(
    own: np.ndarray,
    worth: np.ndarray,
    lists: np.ndarray,
    near: np.ndarray,
    left: np.ndarray,
    live: np.ndarray,
    done: np.ndarray,
    paid: np.ndarray,
    told: int,
    listed: int,
) -> None:
    """Bring the gains of a chunk up to date: off them what was completed since, or all counted anew over the `listed`
    entries of what was not, where these are fewer.
    """
    if paid[len(done)] - paid[max(told, 0)] <= listed:
        if told < 0:
            own[:] = worth
        _take(own, lists, near, done[max(told, 0) :])
        return
    for i in range(len(own)):
        own[i] = 0 if worth[i] > 0 else LEAST
    for f in live:
        if left[f]:
            for i in near[lists[f] : lists[f + 1]]:
                own[i] += 1


@njit(cache=True)
def _take(own: np.ndarray, lists: np.ndarray, near: np.ndarray, done: np.ndarray) -> None:
    """Take the features `done` off the gains of the samples of a chunk that have them."""
    for f in done:
        for i in near[lists[f] : lists[f + 1]]:
            own[i] -= 1


@njit(cache=True)
def _last_picks(
    ptr: np.ndarray,
    near: np.ndarray,
    left: np.ndarray,
    worth: np.ndarray,
    live: np.ndarray,
    at: np.ndarray,
    head: np.ndarray,
    rows: np.ndarray,
) -> int:
    """The picks of a round in which no sample adds more than 1: each feature brings in the first open samples that have
    it, as many as it may be credited to.
    """
    found, n = np.empty(left[live].sum(), np.int64), 0
    for f in live:
        c, k, begun = at[f], head[f], n
        while left[f] and c < len(ptr):
            if k == ptr[c, f + 1]:
                c += 1
                k = ptr[c, f] if c < len(ptr) else 0
                continue
            row = c * CHUNK + near[k]
            if worth[row] > 0:
                found[n], n = row, n + 1
                left[f] -= 1
            elif n == begun:
                at[f], head[f] = c, k + 1
            k += 1
    found, n = np.sort(found[:n]), min(n, len(rows))
    rows[:n], worth[found[:n]] = found[:n], CLOSED
    return n
