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

AGAIN, PART = 2, 10  # half of the entries are read one by one at most; a tenth of the samples is in the heap
SLACK = 1 + 1e-10  # more than a sum of a hundred thousand numbers depends on their order
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
def _entries(feature: np.ndarray, value: np.ndarray, weight: np.ndarray, shape: int) -> np.ndarray:
    """What `_added` reads of an entry, float32 (nnz,): 1 − exp(−a) for saturating, else a; 0 where it has no weight."""
    if shape != 2 and weight.min() > 0:
        return value
    read = np.empty_like(value)
    for j in range(len(value)):
        read[j] = (-np.expm1(-value[j]) if shape == 2 else value[j]) if weight[feature[j]] > 0 else 0
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
def _at_most(
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
    """At least what `_added` gives, and hardly more, in less time where the sum can be taken in any order."""
    own, a = feature[indptr[row] : indptr[row + 1]], entry[indptr[row] : indptr[row + 1]]
    if shape == 2:
        return _added_saturating(own, a, state) * SLACK
    if shape == 0 and p == 0.5 and even > 0:
        return even * _added_root(own, a, total) * SLACK
    return _added(row, indptr, feature, entry, weight, total, state, even, shape, p) * SLACK


@njit(cache=True, fastmath={"reassoc", "nsz"})  # several entries are taken at once
def _added_root(feature: np.ndarray, value: np.ndarray, total: np.ndarray) -> float:
    """√(t + a) − √t of a sample's features."""
    added = 0.0
    for j in range(len(feature)):
        t = total[np.uint32(feature[j])]
        added += np.sqrt(t + value[j]) - np.sqrt(t)
    return added


@njit(cache=True, fastmath={"reassoc", "nsz"})
def _added_saturating(feature: np.ndarray, entry: np.ndarray, state: np.ndarray) -> float:
    """exp(−t) − exp(−t − a) = exp(−t) (1 − exp(−a)) of a sample's features, weighed."""
    added = 0.0
    for j in range(len(feature)):
        added += state[np.uint32(feature[j])] * entry[j]
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
    entry, even = _entries(feature, value, weight, shape), _even(weight)
    state = np.array([_state(f, weight, total, shape, p) for f in range(len(weight))])
    added = np.zeros(len(indptr) - 1)
    for row in range(len(added)):
        added[row] = _added(row, indptr, feature, entry, weight, total, state, even, shape, p)
    return added


@njit(cache=True)
def _all_at_most(
    rows: np.ndarray,
    indptr: np.ndarray,
    feature: np.ndarray,
    entry: np.ndarray,
    weight: np.ndarray,
    total: np.ndarray,
    state: np.ndarray,
    even: float,
    shape: int,
    p: float,
) -> np.ndarray:
    """`_at_most` of each of `rows` int64 (M,): float64 (M,)."""
    added = np.empty(len(rows))
    for k in range(len(rows)):
        added[k] = _at_most(rows[k], indptr, feature, entry, weight, total, state, even, shape, p)
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
    when its key, computed anew, has not fallen. Once that has read a share of all entries, all are computed anew in one
    pass, which costs less an entry; then only the largest are in the heap, until it comes to the others.
    """
    rows, gains, n = np.empty(len(cost), np.int64), np.empty(len(cost)), 0
    total, is_open = np.zeros(len(weight)), allowed.copy()
    entry, even = _entries(feature, value, weight, shape), _even(weight)
    state = np.array([_state(f, weight, total, shape, p) for f in range(len(weight))])
    for row in initial:
        gains[n] = _added(row, indptr, feature, entry, weight, total, state, even, shape, p)
        rows[n], n, budget, is_open[row] = row, n + 1, budget - cost[row], False
        _counted(row, indptr, feature, value, weight, total, state, shape, p)
    divisor, most = cost if per_cost else np.ones_like(cost), len(cost)
    heap: list[Any] = [(0.0, np.int64(0)) for _ in range(0)]  # an empty one of this type
    fresh, exact = np.zeros(len(cost), np.int64), np.full(len(cost), -1)  # how many picks there were when it was so
    while budget > 0 and is_open.any():
        left, fresh[:], exact[:], read = np.flatnonzero(is_open), n, -1, 0
        added = _all_at_most(left, indptr, feature, entry, weight, total, state, even, shape, p)
        least = _fill(heap, left, added / divisor[left], most)
        while len(heap) > 0 and budget > 0 and AGAIN * read <= len(feature):
            key, row = heap[0]
            if cost[row] > budget or exact[row] == n:
                _, is_open[row] = heapq.heappop(heap), False
                if cost[row] <= budget:
                    gains[n] = -key * divisor[row]
                    rows[n], n, budget = row, n + 1, budget - cost[row]
                    _counted(row, indptr, feature, value, weight, total, state, shape, p)
                continue
            if fresh[row] == n:
                now, exact[row] = _added(row, indptr, feature, entry, weight, total, state, even, shape, p), n
            else:
                now, fresh[row] = _at_most(row, indptr, feature, entry, weight, total, state, even, shape, p), n
                read += indptr[row + 1] - indptr[row]
            if now / divisor[row] >= least:
                heapq.heapreplace(heap, (-now / divisor[row], row))
            else:
                heapq.heappop(heap)
        most = max(len(cost) // PART, 1) if AGAIN * read > len(feature) else 4 * most
    return rows[:n], gains[:n]


@njit(cache=True)
def _fill(heap: list[Any], rows: np.ndarray, key: np.ndarray, most: int) -> float:
    """Put those of `rows` with the `most` largest keys into the heap, and others as large; a bound of the others."""
    heap.clear()
    least = np.partition(key, len(key) - most)[len(key) - most] / SLACK**2 if most < len(key) else 0.0
    for k in range(len(key)):
        if key[k] >= least:
            heap.append((-key[k], rows[k]))  # noqa: PERF401  (numba extends by no generator)
    heapq.heapify(heap)
    return least


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
