"""Values over a high quantile of their feature. The arrays are those of a matrix in CSR form."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def high_values(feature: np.ndarray, value: np.ndarray, n: int, share: float) -> np.ndarray:
    """Of each of n features the smallest value that `share` of its values do not exceed, or 0: float32 (n,).

    The values from it on, which are few, are kept in a heap for each feature, the smallest first.
    """
    counts = np.zeros(n, np.int64)
    for f in feature:
        counts[f] += 1
    kept = np.minimum(counts - np.ceil(share * counts).astype(np.int64) + 1, counts)
    begin, held = np.cumsum(kept) - kept, np.zeros(n, np.int64)
    heaps, high = np.empty(kept.sum(), np.float32), np.full(n, -np.inf, np.float32)
    for j in range(len(value)):
        f = feature[j]
        if held[f] < kept[f]:
            heaps[begin[f] + held[f]], held[f] = value[j], held[f] + 1
            if held[f] == kept[f]:
                heaps[begin[f] : begin[f] + kept[f]].sort()
                high[f] = heaps[begin[f]]
        elif value[j] > high[f]:
            own = heaps[begin[f] : begin[f] + kept[f]]
            _replace_first(own, value[j])
            high[f] = own[0]
    return np.where(counts > 0, high, np.float32(0))


@njit(cache=True)
def _replace_first(heap: np.ndarray, value: float) -> None:
    """Put a value in the place of the smallest of a heap."""
    i = 0
    while 2 * i + 1 < len(heap):
        child = 2 * i + 1
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[i], i = heap[child], child
    heap[i] = value


@njit(cache=True, nogil=True)
def clip(feature: np.ndarray, value: np.ndarray, high: np.ndarray, out: np.ndarray) -> None:
    """Write each value over that of its feature in `high` float32 (F,), at most 1, into `out` float32 (nnz,)."""
    for j in range(len(value)):
        out[j] = min(value[j] / high[feature[j]], np.float32(1))
