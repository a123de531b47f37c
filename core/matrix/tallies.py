"""Loops over the entries of a CSR matrix, and over resamples, that the study of length needs. Knows arrays only.

N samples, F features, nnz entries; indptr int64 (N+1,), feature int32 (nnz,), value float32 (nnz,).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


def counts_above(indptr: np.ndarray, value: np.ndarray, thetas: np.ndarray) -> np.ndarray:
    """How many entries of each sample are above each of the ascending thetas float64 (T,): int64 (T, N), in one pass.

    Values are positive, so their upper 16 bits rise with them: a table of those tells how many thetas are below, but
    for the few values that share theirs with a θ.
    """
    lowest = (np.arange(0x7F80, dtype=np.uint32) << 16).view(np.float32)  # all that are finite
    below = np.searchsorted(thetas, lowest).astype(np.uint8)
    return _counts_above(indptr, value, value.view(np.uint32), thetas, below)


@njit(cache=True, nogil=True)
def _counts_above(indptr, value, bits, thetas, below):
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
def feature_sums(indptr, feature, weight, n_features):
    """Of each feature the samples that have it, int64 (F,), and the sum of their weight float64 (N,): float64 (F,)."""
    count, total = np.zeros(n_features, np.int64), np.zeros(n_features)
    for row in range(len(indptr) - 1):
        for j in range(indptr[row], indptr[row + 1]):
            count[feature[j]] += 1
            total[feature[j]] += weight[row]
    return count, total


@njit(cache=True, nogil=True)
def _midranks(codes, n_codes, out):
    """Ranks of codes int32 (m,), below n_codes, ties sharing their mean rank, into out float64 (m,): by counting."""
    seen = np.zeros(n_codes, np.int64)
    for code in codes:
        seen[code] += 1
    before, rank = 0, np.empty(n_codes)
    for code in range(n_codes):
        rank[code] = before + (seen[code] + 1) / 2
        before += seen[code]
    for i in range(len(codes)):
        out[i] = rank[codes[i]]


@njit(cache=True, nogil=True)
def _pearson(x, y):
    """Pearson's r of two arrays; nan where one does not vary."""
    mean_x, mean_y = x.mean(), y.mean()
    xx, yy, xy = 0.0, 0.0, 0.0
    for i in range(len(x)):
        dx, dy = x[i] - mean_x, y[i] - mean_y
        xx, yy, xy = xx + dx * dx, yy + dy * dy, xy + dx * dy
    return xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else np.nan


@njit(cache=True, nogil=True)
def resampled_r(rng, x_values, x_codes, y_values, y_codes, size, times):
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
        out[t, 0] = _pearson(x, y)
        _midranks(cx, len(x_values), x)
        _midranks(cy, len(y_values), y)
        out[t, 1] = _pearson(x, y)
    return out


@njit(cache=True)
def _log_choose(n, k):
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@njit(cache=True)
def hypergeometric_p(found, marked, drawn, total):
    """Two-sided p values, float64, of `found` marked ones among `drawn` of `total`, of which `marked` are marked.

    found, marked int64 of one shape. Twice the tail on that side of the mean where `found` lies, at most 1, summed by
    the ratio of neighbouring terms: scipy's hypergeom loops in Python, 13 s for 131,072 features.
    """
    out = np.ones(len(found))
    for i in range(len(found)):
        k, n = found[i], marked[i]
        low, high = max(0, drawn + n - total), min(n, drawn)
        upper = k * total >= n * drawn
        term = math.exp(_log_choose(n, k) + _log_choose(total - n, drawn - k) - _log_choose(total, drawn))
        tail = 0.0
        while low <= k <= high:
            tail += term
            if upper:
                term *= (n - k) * (drawn - k) / ((k + 1) * (total - n - drawn + k + 1))
                k += 1
            else:
                term *= k * (total - n - drawn + k) / ((n - k + 1) * (drawn - k + 1))
                k -= 1
            if term <= 1e-17 * tail:
                break
        out[i] = min(1.0, 2 * tail)
    return out
