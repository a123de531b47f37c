"""What is drawn of a plane that holds more points than a screen can show: how many lie where, and some of them.

An extent is (left, right, low, high), its borders belong to it. Arrays only.
"""

from __future__ import annotations

import numpy as np

CELLS = 64  # along an axis of an extent: the squares that points are drawn from alike

Extent = tuple[float, float, float, float]


def within(place: np.ndarray, extent: Extent) -> np.ndarray:
    """Which places (N, 2) lie in an extent: bool (N,)."""
    left, right, low, high = extent
    x, y = place[:, 0], place[:, 1]
    return (x >= left) & (x <= right) & (y >= low) & (y <= high)


def cells_of(place: np.ndarray, extent: Extent, shape: tuple[int, int]) -> np.ndarray:
    """The cell of each place (M, 2) of an extent in a grid of (lines, columns), line by line from below: int64 (M,)."""
    left, right, low, high = extent
    lines, columns = shape
    column = (place[:, 0] - left) * (columns / max(right - left, 1e-12))
    line = (place[:, 1] - low) * (lines / max(high - low, 1e-12))
    return np.clip(line, 0, lines - 1).astype(np.int64) * columns + np.clip(column, 0, columns - 1).astype(np.int64)


def counts_in(place: np.ndarray, extent: Extent, shape: tuple[int, int]) -> np.ndarray:
    """How many of places (N, 2) lie in each cell of an extent: int64 (lines, columns), the lowest line first."""
    cell = cells_of(place[within(place, extent)], extent, shape)
    return np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)


def thinned(place: np.ndarray, extent: Extent, first: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """At most `most` of the places (N, 2) in an extent, spread evenly over it: int64 rows, ascending.

    Those of `first` int (M,) come before all others. Of what has no room, each of CELLS² squares gives one after the
    other as long as it has any, in an order drawn by `seed`, the same for every extent: a closer look keeps points.
    """
    rows = np.flatnonzero(within(place, extent))
    if len(rows) <= most:
        return rows
    preferred = np.zeros(len(place), bool)
    preferred[first] = True
    preferred = preferred[rows]
    lot = np.random.default_rng(seed).permutation(len(place)).astype(np.uint64)
    drawn = [rows[preferred]]
    if len(drawn[0]) > most:
        drawn = [_spread(place, extent, drawn[0], lot, most)]
    elif len(drawn[0]) < most:
        drawn.append(_spread(place, extent, rows[~preferred], lot, most - len(drawn[0])))
    return np.sort(np.concatenate(drawn))


def _spread(place: np.ndarray, extent: Extent, rows: np.ndarray, lot: np.ndarray, most: int) -> np.ndarray:
    """`most` of `rows`: the first of each square, then the second, and so on, by their lots."""
    cell, lot = cells_of(place[rows], extent, (CELLS, CELLS)), lot[rows]
    order = np.argsort(cell.astype(np.uint64) << np.uint64(32) | lot)
    before = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=CELLS**2))])[cell[order]]
    turn = (np.arange(len(rows)) - before).astype(np.uint64)
    return rows[order[np.argpartition(turn << np.uint64(32) | lot[order], most - 1)[:most]]]
