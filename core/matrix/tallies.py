"""Loops over the entries of a CSR matrix, and over resamples, that the study of length needs. Knows arrays only.

N samples, F features, nnz entries; indptr int64 (N+1,), feature int32 (nnz,), value float32 (nnz,).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.matrix.statistics import midranks_into, pearson_r


def counts_above(indptr: np.ndarray, value: np.ndarray, thetas: np.ndarray) -> np.ndarray:
    """How many entries of each sample are above each of the ascending thetas float64 (T,): int64 (T, N), in one pass.

    The upper 16 bits of a positive value rise with it: a table of those tells how many thetas are below, but for the
    few values that share theirs with a θ. Negative, infinite and missing ones are compared with all. Twice as fast
    as comparing each value with each θ (benchmarks.selection, claim 7).
    """
    below = np.zeros(1 << 16, np.uint8 if len(thetas) < 256 else np.int64)
    lowest = (np.arange(0x7F80, dtype=np.uint32) << 16).view(np.float32)  # all that are positive and finite
    below[: len(lowest)] = np.searchsorted(thetas, lowest)
    return _counts_above(indptr, value, value.view(np.uint32), thetas, below)


@njit(cache=True, nogil=True)
def _counts_above(
    indptr: np.ndarray, value: np.ndarray, bits: np.ndarray, thetas: np.ndarray, below: np.ndarray
) -> np.ndarray:
    n_samples, steps = len(indptr) - 1, len(thetas)
    count, found = np.empty((steps, n_samples), np.int64), np.empty(steps + 1, np.int64)
    for row in range(n_samples):
        found[:] = 0
        for j in range(indptr[row], indptr[row + 1]):
            n = below[bits[j] >> 16]
            while n < steps and value[j] > thetas[n]:
                n += 1
            found[n] += 1
        total = 0
        for t in range(steps - 1, -1, -1):
            total += found[t + 1]
            count[t, row] = total
    return count


@njit(cache=True)
def feature_sums(
    indptr: np.ndarray, feature: np.ndarray, weight: np.ndarray, n_features: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each feature the samples that have it, int64 (F,), and the sum of their weight float64 (N,): float64 (F,)."""
    count, total = np.zeros(n_features, np.int64), np.zeros(n_features)
    for row in range(len(indptr) - 1):
        for j in range(indptr[row], indptr[row + 1]):
            count[feature[j]] += 1
            total[feature[j]] += weight[row]
    return count, total


@njit(cache=True, nogil=True)
def resampled_r(
    rng: np.random.Generator,
    x_values: np.ndarray,
    x_codes: np.ndarray,
    y_values: np.ndarray,
    y_codes: np.ndarray,
    size: int,
    times: int,
) -> np.ndarray:
    """Pearson's and Spearman's r of `times` resamples of `size` pairs drawn with replacement: float64 (times, 2).

    Pair i has the values x_values[x_codes[i]], y_values[y_codes[i]], both ascending; ranks are taken anew each time.
    """
    out, n = np.empty((times, 2)), len(x_codes)
    cx, cy = np.empty(size, np.int32), np.empty(size, np.int32)
    x, y = np.empty(size), np.empty(size)
    for t in range(times):
        for i in range(size):
            at = int(rng.random() * n)
            cx[i], cy[i] = x_codes[at], y_codes[at]
            x[i], y[i] = x_values[cx[i]], y_values[cy[i]]
        out[t, 0] = pearson_r(x, y)
        midranks_into(cx, len(x_values), x)
        midranks_into(cy, len(y_values), y)
        out[t, 1] = pearson_r(x, y)
    return out
