"""Greedy for any weights and costs. The arrays are called as in matrix.greedy; more of them, in every kernel:
order int64 (M,), full float64 (N,)    who may be picked, by what each is worth alone, which is full; ties by row
divisor int64 (N,)                     what gain times quality is divided by: the cost, or 1
base int64, listed int64               the mark of a feature not counted in this round; entries of posting lists of
                                       features that may still be credited
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit

from core.matrix.greedy import fill
from core.matrix.transpose import row_sums

BESIDE = 8  # entries that could be read in the time that a gain takes beside the reading of its row


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
    full = row_sums(indptr, feature, weight) * quality / divisor
    order = np.argsort(-full, kind="stable")
    order = order[allowed[order] & (full[order] > 0) & ~np.isin(order, initial)]
    rows, rounds, n = np.empty(len(full), np.int64), np.ones(len(full), np.int32), len(initial)
    rows[:n] = initial
    n, budget, rounds[n:] = _rounds(
        indptr, feature, fptr, sample, weight, order, full, cost, quality, divisor, group, room.copy(), rows, rounds,
        n, budget - int(cost[initial].sum()), r,
    )  # fmt: skip
    is_open = allowed.copy()
    is_open[initial] = False
    n = fill(np.flatnonzero(is_open & (full == 0)), cost, budget, rows, n)
    return rows[:n], rounds[:n]


@njit(cache=True, nogil=True)
def _rounds(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    order: np.ndarray,
    full: np.ndarray,
    cost: np.ndarray,
    quality: np.ndarray,
    divisor: np.ndarray,
    group: np.ndarray,
    room: np.ndarray,
    rows: np.ndarray,
    rounds: np.ndarray,
    n: int,
    budget: int,
    r: int,
) -> tuple[int, int, int]:
    """Round after round while any of `order` fits, after the first n of `rows`; how many there are then, the budget
    that is left, and the number of the last round. Samples that no room is left for get that of all at the end.
    """
    mark, exact, is_open = np.zeros(len(weight), np.int64), np.zeros(len(full)), np.zeros(len(full), np.bool_)
    is_open[order] = True
    everything = 0
    for f in range(len(weight)):
        everything += fptr[f + 1] - fptr[f] if weight[f] > 0 else 0
    number, listed, fresh = 1, everything, n == 0
    for row in rows[:n]:
        listed -= _credit(row, r, r, indptr, feature, fptr, weight, mark)
    held = listed
    for lifted in (False, True):
        if lifted:
            room[:] = budget
        while True:
            start = n
            n, budget, listed = _round(
                indptr, feature, fptr, sample, weight, order, full, cost, quality, divisor, group, room, mark, exact,
                is_open, rows, n, budget, number * r, r, listed,
            )  # fmt: skip
            rounds[start:n] = number
            if n == start and fresh:
                break
            number, held, listed, fresh = number + 1, listed, everything, True
        if number > 1:  # back to the last round with picks
            number, listed, fresh = number - 1, held, False
    return n, budget, number


@njit(cache=True)
def _round(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    order: np.ndarray,
    full: np.ndarray,
    cost: np.ndarray,
    quality: np.ndarray,
    divisor: np.ndarray,
    group: np.ndarray,
    room: np.ndarray,
    mark: np.ndarray,
    exact: np.ndarray,
    is_open: np.ndarray,
    rows: np.ndarray,
    n: int,
    budget: int,
    base: int,
    r: int,
    listed: int,
) -> tuple[int, int, int]:
    """The picks of one round after the first n of `rows`: how many there are then, what is left of `budget`, `listed`.

    Lazy (Minoux 1978): what a sample was worth is an upper bound of what it is worth, so the top is picked when its
    gain, computed anew, has not changed. Once that has read as much as counting over the posting lists of what is not
    covered would, all gains are counted in that way: then few samples are left, and no gain of 0 is computed.
    """
    heap: list[Any] = [(0.0, np.int64(0)) for _ in range(0)]  # an empty one of this type
    at, read = 0, 0
    while at < len(order) or len(heap) > 0:
        if at < len(order) and (len(heap) == 0 or (-full[order[at]], order[at]) < heap[0]):
            row = order[at]
            key, at = full[row], at + 1
        else:
            low, row = heapq.heappop(heap)
            key = -low
        if not is_open[row] or cost[row] > min(budget, room[group[row]]):
            continue
        worth = _gain(row, base, r, indptr, feature, weight, mark) * quality[row] / divisor[row]
        if worth == key:
            rows[n], n, is_open[row] = row, n + 1, False
            budget, room[group[row]] = budget - cost[row], room[group[row]] - cost[row]
            listed -= _credit(row, base, r, indptr, feature, fptr, weight, mark)
        elif worth > 0:
            heapq.heappush(heap, (-worth, row))
        read += indptr[row + 1] - indptr[row] + BESIDE
        if read > listed:
            heap.clear()
            for other in _counted(fptr, sample, weight, mark, base, r, exact):
                if is_open[other] and exact[other] > 0:
                    heap.append((-(exact[other] * quality[other] / divisor[other]), other))
                exact[other] = 0
            heapq.heapify(heap)
            at, read = len(order), 0
    return n, budget, listed


@njit(cache=True)
def _counted(
    fptr: np.ndarray,
    sample: np.ndarray,
    weight: np.ndarray,
    mark: np.ndarray,
    base: int,
    r: int,
    exact: np.ndarray,
) -> np.ndarray:
    """Count into `exact` float64 (N,), which is 0, what each sample gains, feature by feature as `_gain` does, so that
    both round alike; the samples that gain anything: int64, each once.
    """
    near, n = np.empty(len(exact), np.int64), 0
    for f in range(len(weight)):
        if weight[f] > 0 and mark[f] - base < r:
            for row in sample[fptr[f] : fptr[f + 1]]:
                if exact[row] == 0:
                    near[n], n = row, n + 1
                exact[row] += weight[f]
    return near[:n]


@njit(cache=True)
def _gain(
    row: int, base: int, r: int, indptr: np.ndarray, feature: np.ndarray, weight: np.ndarray, mark: np.ndarray
) -> float:
    """Marginal gain, summed in the order of the features: removing a term never makes the rounded sum larger."""
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
    weight: np.ndarray,
    mark: np.ndarray,
) -> int:
    """Credit a pick with its features that are counted fewer than r times; the entries of lists that it completes."""
    done = 0
    for f in feature[indptr[row] : indptr[row + 1]]:
        if mark[f] - base < r:
            mark[f] = max(mark[f], base) + 1
            if mark[f] - base == r and weight[f] > 0:
                done += fptr[f + 1] - fptr[f]
    return done
