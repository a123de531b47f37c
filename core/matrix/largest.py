"""The k largest of each row of a dense matrix, in one pass over it. Arrays only."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def k_largest(dense: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of dense float32 (N, F): how many of each row, int64 (N,), are positive and among its k largest, ties to the
    lowest column; their columns int32 (M,), ascending in a row, and values float32 (M,), row after row.
    """
    counts = np.zeros(len(dense), np.int64)
    columns, values = np.empty(len(dense) * k, np.int32), np.empty(len(dense) * k, np.float32)
    best, at, end = np.empty(k, np.float32), np.empty(k, np.int32), 0  # the largest so far, from high to low
    for row in range(len(dense)):
        n, least = 0, np.float32(0)
        for column in range(dense.shape[1]):
            value = dense[row, column]
            if not value > least:
                continue
            place = min(n, k - 1)
            while place and best[place - 1] < value:
                best[place], at[place] = best[place - 1], at[place - 1]
                place -= 1
            best[place], at[place] = value, column
            n = min(n + 1, k)
            least = best[k - 1] if n == k else np.float32(0)
        order = np.argsort(at[:n])
        columns[end : end + n], values[end : end + n] = at[:n][order], best[:n][order]
        counts[row], end = n, end + n
    return counts, columns[:end], values[:end]
