"""The transpose of a sparse matrix and sums over its rows. Knows arrays only, neither files nor types."""

from __future__ import annotations

import numpy as np
from numba import njit


def transpose(indptr: np.ndarray, feature: np.ndarray, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Posting lists: (fptr int64 (F+1,), sample int32 (nnz,)), the samples of a feature ascending.

    numpy asks the system for huge pages and numba does not: lists that it allocates are written a quarter faster
    (`benchmarks.selection`, claim 7).
    """
    sample = np.empty(len(feature), np.int32)
    return transpose_into(indptr, feature, n_features, sample), sample


@njit(cache=True)
def transpose_into(indptr: np.ndarray, feature: np.ndarray, n_features: int, sample: np.ndarray) -> np.ndarray:
    """Write the posting lists into `sample` int32 (nnz,), the samples of a feature ascending: fptr int64 (F+1,)."""
    fptr = np.zeros(n_features + 1, np.int64)
    for f in feature:
        fptr[f + 1] += 1
    fptr = np.cumsum(fptr)
    place = fptr[:-1].copy()
    for row in range(len(indptr) - 1):
        for j in range(indptr[row], indptr[row + 1]):
            at = place[feature[j]]
            sample[at], place[feature[j]] = row, at + 1
    return fptr


@njit(cache=True)
def row_sums(indptr: np.ndarray, feature: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Sum of weight, float64 (F,), over the features of each sample, in their order: float64 (N,)."""
    total = np.zeros(len(indptr) - 1)
    for row in range(len(total)):
        for j in range(indptr[row], indptr[row + 1]):
            total[row] += weight[feature[j]]
    return total
