"""Samples taken for targets in turn, and how alike samples are by the values of their features. Arrays only."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def in_turn(likeness: np.ndarray, allowed: np.ndarray, n: int, first: int) -> np.ndarray:
    """Each target in turn takes the sample most like it that is left, ties to the lowest row: n rows int64, or all.

    likeness float32 (T, N) of the samples to the targets; allowed bool (N,); first: whose turn it is.
    """
    is_open, at = allowed.copy(), np.zeros(len(likeness), np.int64)
    order = np.empty(likeness.shape, np.int32)
    rows = np.empty(min(n, np.sum(allowed)), np.int64)
    for k in range(min(len(likeness), len(rows))):  # those whose turn comes
        t = (first + k) % len(likeness)
        order[t] = np.argsort(-likeness[t], kind="mergesort")
    for k in range(len(rows)):
        t = (first + k) % len(likeness)
        while not is_open[order[t, at[t]]]:
            at[t] += 1
        rows[k] = order[t, at[t]]
        is_open[rows[k]] = False
    return rows


@njit(cache=True)
def jaccards(
    indptr: np.ndarray, feature: np.ndarray, value: np.ndarray, weight: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Σ_f w_f · min(a_f, b_f) / Σ_f w_f · max(a_f, b_f) of each sample a and one target b: float32 (N,), 0 for 0 / 0.

    CSR arrays of the samples with value float32 (nnz,) ≥ 0; weight, target float64 (F,) ≥ 0.
    """
    whole, likeness = (weight * target).sum(), np.zeros(len(indptr) - 1, np.float32)
    for row in range(len(likeness)):
        shared, own = 0.0, 0.0
        for j in range(indptr[row], indptr[row + 1]):
            w = weight[feature[j]]
            shared += w * min(value[j], target[feature[j]])
            own += w * value[j]
        if own + whole > 0:
            likeness[row] = shared / (own + whole - shared)
    return likeness
