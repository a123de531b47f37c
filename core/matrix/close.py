"""Pairs of vectors of length 1 that are close to each other: an exact search along principal axes. Arrays only."""

from __future__ import annotations

import numpy as np
from numba import njit

from core.matrix.axes import principal_axes

HEAD = 16  # leading coordinates that are compared first: they hold most of what tells vectors apart
BLOCK = 4096  # vectors that are turned at a time


def turned(units: np.ndarray) -> np.ndarray:
    """The same vectors, float32 (N, d), on their principal axes, the one of most variance first; in place.

    Distances stay what they are, to rounding, and most of each is in the leading coordinates.
    """
    _, axes = principal_axes(units.T @ units)
    axes = np.ascontiguousarray(axes[:, ::-1], np.float32)
    for start in range(0, len(units), BLOCK):
        units[start : start + BLOCK] = units[start : start + BLOCK] @ axes
    return units


@njit(cache=True, fastmath=True)
def close_pairs(head: np.ndarray, rest: np.ndarray, start: int, stop: int, reach: float, most: int) -> np.ndarray:
    """The pairs (i, j > i), start ≤ i < stop, whose squared distance is at most `reach`: int64 (P, 2); `most` of them.

    head float32 (N, HEAD), rest float32 (N, d − HEAD): the vectors, ascending by their first coordinate.
    """
    pairs, n, width = np.empty((most, 2), np.int64), 0, np.float32(np.sqrt(reach))
    for i in range(start, stop):
        for j in range(i + 1, len(head)):
            if head[j, 0] - head[i, 0] > width:
                break
            total = np.float32(0)
            for k in range(head.shape[1]):
                total += (head[i, k] - head[j, k]) ** 2
            if total > reach:
                continue
            for k in range(rest.shape[1]):
                total += (rest[i, k] - rest[j, k]) ** 2
                if total > reach:
                    break
            if total > reach:
                continue
            if n == most:
                return pairs
            pairs[n, 0], pairs[n, 1], n = i, j, n + 1  # a row at once takes two seconds more to compile
    return pairs[:n].copy()
