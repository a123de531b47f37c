"""k-center: the sample that is farthest from all picks, again and again. Arrays only."""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True)
def _dot(a: np.ndarray, b: np.ndarray) -> np.floating:
    total = np.float32(0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(cache=True)
def farthest_first(
    vectors: np.ndarray, allowed: np.ndarray, initial: np.ndarray, start: int, cost: np.ndarray, budget: int
) -> tuple[np.ndarray, np.ndarray]:
    """k-center greedy (Sener and Savarese 2018) under cosine distance: (rows int64 (K,), distance float32 (K,)).

    vectors float32 (N, d) of length 1; `start` is the first pick if there is no `initial`. Each pick is the candidate
    whose nearest pick is farthest, ties to the lowest row. A distance only falls, so one that was computed against
    fewer picks is an upper bound: only the candidate at the top is brought up to date.
    """
    nearest, known = np.full(len(vectors), -np.inf, np.float32), np.zeros(len(vectors), np.int64)
    rows, distance = np.empty(len(vectors), np.int64), np.zeros(len(vectors), np.float32)
    n = len(initial)
    rows[:n] = initial
    for row in initial:
        budget -= cost[row]
    if n == 0:
        rows[0], n, budget = start, 1, budget - cost[start]
    left = allowed.copy()
    left[rows[:n]] = False
    heap = [(nearest[row], row) for row in np.flatnonzero(left)]
    while heap:
        _, row = heap[0]
        if cost[row] > budget:
            heapq.heappop(heap)
            continue
        if known[row] == n:
            rows[n], distance[n] = row, 1 - nearest[row]
            n, budget = n + 1, budget - cost[row]
            heapq.heappop(heap)
            continue
        for k in range(known[row], n):
            nearest[row] = max(nearest[row], _dot(vectors[row], vectors[rows[k]]))
        known[row] = n
        heapq.heapreplace(heap, (nearest[row], row))
    return rows[:n], distance[:n]
