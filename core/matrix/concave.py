"""Sums with diminishing returns over sparse rows: F(S) = Σ_f w_f · φ(Σ_{i∈S} a_if). Arrays only.

N samples, F features, nnz entries. In every kernel:
    indptr int64 (N+1,), feature int32 (nnz,), value float32 (nnz,) ≥ 0     the matrix a in CSR form
    weight float64 (F,) ≥ 0, total float64 (F,)                            w_f; what the picks have of each feature
    shape, p                                                               φ, one of SHAPES by its place, and its number
φ is concave and φ(0) = 0, so F is monotone and submodular: what a sample adds only falls.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numba import njit

LARGE = 1e200  # products above it are turned into logarithms before they overflow
SHAPES = ("power", "log", "saturating", "cap")  # t^p, log(1 + t), 1 − exp(−t), min(t, p)


@njit(cache=True)
def phi(t: float, shape: int, p: float) -> float:
    """What the sum `t` ≥ 0 of a feature is worth."""
    if shape == 0:
        if p == 0.5:
            return np.sqrt(t)
        return t if p == 1 else t**p
    if shape == 1:
        return np.log1p(t)
    return -np.expm1(-t) if shape == 2 else min(t, p)


@njit(cache=True)
def _entries(value: np.ndarray, shape: int) -> np.ndarray:
    """What `_added` reads of each entry: 1 − exp(−a) where returns are saturating, else its value a; float32 (nnz,)."""
    if shape != 2:
        return value
    read = np.empty_like(value)
    for j in range(len(value)):
        read[j] = -np.expm1(-value[j])
    return read


@njit(cache=True)
def _state(f: int, weight: np.ndarray, total: np.ndarray, shape: int, p: float) -> float:
    """What `_added` reads of a feature, so that an entry costs little: φ of its total t; for log 1 / (1 + t), 0 where
    it has no weight; for saturating its weight times exp(−t).
    """
    if shape == 1:
        return 1 / (1 + total[f]) if weight[f] > 0 else 0.0
    return weight[f] * np.exp(-total[f]) if shape == 2 else phi(total[f], shape, p)


@njit(cache=True)
def _even(weight: np.ndarray) -> float:
    """The weight of all features that have one, or 0 where they differ."""
    most = weight.max() if len(weight) else 0.0
    for w in weight:
        if 0 < w < most:
            return 0.0
    return most


@njit(cache=True)
def _added(
    row: int,
    indptr: np.ndarray,
    feature: np.ndarray,
    entry: np.ndarray,
    weight: np.ndarray,
    total: np.ndarray,
    state: np.ndarray,
    even: float,
    shape: int,
    p: float,
) -> float:
    """What a sample adds. entry float32 (nnz,), state float64 (F,), even: of `_entries`, `_state`, `_even`."""
    start, end = indptr[row], indptr[row + 1]
    if shape == 1:
        return _added_log(start, end, feature, entry, weight, state, even)
    added = 0.0
    if shape == 2:  # exp(−t) − exp(−t − a) = exp(−t) (1 − exp(−a))
        for j in range(start, end):
            added += state[feature[j]] * entry[j]
        return added
    for j in range(start, end):
        f = feature[j]
        if weight[f] > 0:
            added += weight[f] * (phi(total[f] + entry[j], shape, p) - state[f])
    return added


@njit(cache=True)
def _added_log(
    start: int, end: int, feature: np.ndarray, value: np.ndarray, weight: np.ndarray, state: np.ndarray, even: float
) -> float:
    """log(1 + t + a) − log(1 + t) = log(1 + a / (1 + t)); under even weights the logarithm of a product of many."""
    added, product = 0.0, 1.0
    for j in range(start, end):
        f = feature[j]
        if even == 0:
            added += weight[f] * np.log1p(value[j] * state[f])
            continue
        product *= 1 + value[j] * state[f]
        if product > LARGE:
            added, product = added + np.log(product), 1.0
    return even * (added + np.log(product)) if even > 0 else added


@njit(cache=True)
def totals(indptr: np.ndarray, feature: np.ndarray, value: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """What some rows have of each of n features together: float64 (n,)."""
    total = np.zeros(n)
    for row in rows:
        for j in range(indptr[row], indptr[row + 1]):
            total[feature[j]] += value[j]
    return total


@njit(cache=True)
def objective(weight: np.ndarray, total: np.ndarray, shape: int, p: float) -> float:
    """F of picks that have `total` together."""
    found = 0.0
    for f in range(len(weight)):
        if weight[f] > 0:
            found += weight[f] * phi(total[f], shape, p)
    return found


@njit(cache=True)
def all_added(
    indptr: np.ndarray,
    feature: np.ndarray,
    value: np.ndarray,
    weight: np.ndarray,
    total: np.ndarray,
    shape: int,
    p: float,
) -> np.ndarray:
    """What each sample adds to the totals: float64 (N,)."""
    entry, even = _entries(value, shape), _even(weight)
    state = np.array([_state(f, weight, total, shape, p) for f in range(len(weight))])
    added = np.zeros(len(indptr) - 1)
    for row in range(len(added)):
        added[row] = _added(row, indptr, feature, entry, weight, total, state, even, shape, p)
    return added


@njit(cache=True, nogil=True)
def concave_greedy(
    indptr: np.ndarray,
    feature: np.ndarray,
    value: np.ndarray,
    weight: np.ndarray,
    shape: int,
    p: float,
    allowed: np.ndarray,
    initial: np.ndarray,
    cost: np.ndarray,
    budget: int,
    per_cost: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """After the picks `initial` int64 always the sample that adds most (over cost if `per_cost`), ties to the lowest
    row, as far as the budget goes: (rows int64 (K,), what each added float64 (K,)).

    allowed bool (N,), cost int64 (N,) ≥ 1. Lazy (Minoux 1978): keys in the heap are upper bounds, so the top is picked
    when its key, computed anew, has not fallen.
    """
    rows, gains, n = np.empty(len(cost), np.int64), np.empty(len(cost)), 0
    total, is_open = np.zeros(len(weight)), allowed.copy()
    entry, even = _entries(value, shape), _even(weight)
    state = np.array([_state(f, weight, total, shape, p) for f in range(len(weight))])
    for row in initial:
        gains[n] = _added(row, indptr, feature, entry, weight, total, state, even, shape, p)
        rows[n], n, budget, is_open[row] = row, n + 1, budget - cost[row], False
        _counted(row, indptr, feature, value, weight, total, state, shape, p)
    first = all_added(indptr, feature, value, weight, total, shape, p)
    heap: list[Any] = [(-first[r] / (cost[r] if per_cost else 1), r) for r in np.flatnonzero(is_open)]
    heapq.heapify(heap)
    fresh = np.full(len(cost), n)  # how many picks there were when a key was computed
    while heap and budget > 0:
        key, row = heap[0]
        if cost[row] > budget:
            heapq.heappop(heap)
            continue
        if fresh[row] < n:
            added = _added(row, indptr, feature, entry, weight, total, state, even, shape, p)
            now, fresh[row] = -added / (cost[row] if per_cost else 1), n
            if now > key:
                heapq.heapreplace(heap, (now, row))
                continue
        heapq.heappop(heap)
        gains[n] = -key * (cost[row] if per_cost else 1)
        rows[n], n, budget = row, n + 1, budget - cost[row]
        _counted(row, indptr, feature, value, weight, total, state, shape, p)
    return rows[:n], gains[:n]


@njit(cache=True)
def _counted(
    row: int,
    indptr: np.ndarray,
    feature: np.ndarray,
    value: np.ndarray,
    weight: np.ndarray,
    total: np.ndarray,
    state: np.ndarray,
    shape: int,
    p: float,
) -> None:
    """Add a pick to the totals."""
    for j in range(indptr[row], indptr[row + 1]):
        f = feature[j]
        total[f] += value[j]
        state[f] = _state(f, weight, total, shape, p)


@njit(cache=True, nogil=True)
def high_values(feature: np.ndarray, value: np.ndarray, n: int, share: float) -> np.ndarray:
    """Of each of n features the smallest value that `share` of its values do not exceed, or 0: float32 (n,)."""
    ends = np.zeros(n + 1, np.int64)
    for f in feature:
        ends[f + 1] += 1
    ends = np.cumsum(ends)
    by_feature, place, high = np.empty_like(value), ends[:-1].copy(), np.zeros(n, np.float32)
    for j in range(len(value)):
        by_feature[place[feature[j]]] = value[j]
        place[feature[j]] += 1
    for f in range(n):
        own = by_feature[ends[f] : ends[f + 1]]
        if len(own):
            k = int(np.ceil(share * len(own))) - 1
            high[f] = np.partition(own, k)[k]
    return high
