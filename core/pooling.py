"""Numba kernels of extraction: the windows around a feature's peaks, and the best values seen so far."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def context_windows(owner, feature, peak, at, bounds, triple_feature, triple_value, radius):
    """The feature's value at each token around a peak: float32 (E, 2·radius + 1), padded with NaN; start int32 (E,).

    owner, feature, peak (E,): sample in the batch, feature, token index. at int32 (B, T): the content token's number,
    −1 for template and padding (their value is 0). bounds int64: where each content token's triples begin.
    """
    n_entries, length = len(owner), at.shape[1]
    out = np.full((n_entries, 2 * radius + 1), np.nan, np.float32)
    start = np.empty(n_entries, np.int32)
    for e in range(n_entries):
        sample, last = owner[e], length - 1
        while last > peak[e] and at[sample, last] < 0:
            last -= 1  # padding, and the template's closing tokens
        start[e] = max(0, peak[e] - radius)
        for token in range(start[e], min(last, peak[e] + radius) + 1):
            place, value = at[sample, token], np.float32(0)
            if place >= 0:
                for m in range(bounds[place], bounds[place + 1]):
                    if triple_feature[m] == feature[e]:
                        value = triple_value[m]
            out[e, token - start[e]] = value
    return out, start


@njit(cache=True)
def push_best(best, feature, value):
    """Put each value in the place of the smallest of its feature's row of `best` float32 (F, K), if it is larger."""
    for e in range(len(feature)):
        row = best[feature[e]]
        lowest = row.argmin()
        if value[e] > row[lowest]:
            row[lowest] = value[e]


@njit(cache=True)
def cofiring(indptr, feature, rows, n_features):
    """In how many of the samples `rows` each feature is active: int64 (F,)."""
    count = np.zeros(n_features, np.int64)
    for row in rows:
        for j in range(indptr[row], indptr[row + 1]):
            count[feature[j]] += 1
    return count
