"""Points of a map in the plane: their places in its box, outlines of where they lie dense, which are in a polygon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

FAR = 0.005  # share of the points at each end of an axis that do not decide its limits
ROOM = 0.1  # how far beyond the other points they may lie and still be shown in place, in their range
INNER = 0.96  # where the limits lie in the box: points beyond them stand at its border, apart from the others
CELLS, SPREAD = 64, 1.5  # of the density: cells along an axis, standard deviation of the smoothing in cells
SHARES = (0.9, 0.6, 0.3)  # of the points that the outlines go around


def boxed(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of points float (N, 2) in the box from −1 to 1, float32 (N, 2), and which lie too far out: bool (N,).

    Those stand at the border, so that a few outliers do not take the space of all others.
    """
    place, outside = np.zeros(points.shape, np.float32), np.zeros(len(points), bool)
    for axis in range(2) if len(points) else ():
        along = points[:, axis].astype(np.float64)
        low, high = limits(along)
        out = (along < low) | (along > high)
        scaled = (2 * (along - low) / (high - low) - 1) * INNER if high > low else np.zeros(len(along))
        place[:, axis] = np.where(out, np.sign(scaled), scaled)
        outside |= out
    return place, outside


def limits(along: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest value that an axis shows in place, of values float64 (N,)."""
    least, most = float(along.min()), float(along.max())
    low, high = np.quantile(along, [FAR, 1 - FAR])
    room = ROOM * (high - low)
    return (max(least, float(low - room)), min(most, float(high + room))) if high > low else (least, most)


def outlines(place: np.ndarray, shares: Sequence[float] = SHARES) -> list[np.ndarray]:
    """For each share the outline of the densest part that holds it of places (N, 2) in the box from −1 to 1.

    float32 (S, 2, 2) each: S segments, from and to.
    """
    from scipy.ndimage import gaussian_filter

    if not len(place):
        return [np.zeros((0, 2, 2), np.float32) for _ in shares]
    cell = np.minimum((np.clip(place, -1, 1) + 1) * CELLS / 2, CELLS - 1).astype(int)
    counts = np.bincount(cell[:, 0] * CELLS + cell[:, 1], minlength=CELLS**2).reshape(CELLS, CELLS)
    density = gaussian_filter(counts.astype(np.float64), SPREAD, mode="constant")
    levels = np.quantile(density[cell[:, 0], cell[:, 1]], [1 - share for share in shares])
    padded = np.pad(density, 1)  # no outline ends at the border of the box
    return [((crossings(padded, level) - 0.5) * 2 / CELLS - 1).astype(np.float32) for level in levels]


def crossings(grid: np.ndarray, level: float) -> np.ndarray:
    """Where a surface over a grid float64 (A, B) crosses a level: segments float64 (S, 2, 2), in steps of the grid.

    The surface is flat over each of the two triangles of a cell (marching triangles).
    """
    start = np.stack(np.meshgrid(*(np.arange(n - 1) for n in grid.shape), indexing="ij"), -1).reshape(-1, 1, 2)
    halves = np.array([[(0, 0), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1)]])
    corners = (start[:, None] + halves).reshape(-1, 3, 2)
    value = grid[corners[..., 0], corners[..., 1]]
    above = value >= level
    crossed = above.any(1) & ~above.all(1)
    corners, value, above = corners[crossed], value[crossed], above[crossed]
    after = [1, 2, 0]  # each side of a triangle goes from a corner to the one after it; two of three are crossed
    sides = above != above[:, after]
    with np.errstate(divide="ignore", invalid="ignore"):  # on sides that are not crossed, and left out below
        share = (level - value) / (value[:, after] - value)
        ends = corners + share[..., None] * (corners[:, after] - corners)
    return ends[sides].reshape(-1, 2, 2)


def inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Which points (N, 2) lie in a polygon (M, 2), closed by itself, by the even-odd rule: bool (N,)."""
    if not len(polygon):
        return np.zeros(len(points), bool)
    return _odd(np.ascontiguousarray(points), np.ascontiguousarray(polygon, np.float64))


@njit(cache=True, nogil=True)
def _odd(points, polygon):
    """Whether a ray to the right of each point float (N, 2) meets an odd number of sides of polygon float64 (M, 2)."""
    low, high, most = polygon[:, 1].min(), polygon[:, 1].max(), polygon[:, 0].max()
    out = np.zeros(len(points), np.bool_)
    for i in range(len(points)):
        x, y = np.float64(points[i, 0]), np.float64(points[i, 1])
        if y < low or y > high or x > most:
            continue
        odd, before = False, len(polygon) - 1
        for after in range(len(polygon)):
            y0, y1 = polygon[before, 1], polygon[after, 1]
            if (y0 > y) != (y1 > y):
                x0, x1 = polygon[before, 0], polygon[after, 0]
                odd ^= x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
            before = after
        out[i] = odd
    return out
