"""What of a map with many samples is sent to a browser: how dense they lie, and as many of them as it draws at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.matrix.thinned import Extent, counts_in, thinned
from core.session.sample_map import SampleMap

ALL = 60_000  # samples that a browser is sent all of, once and for every look
SENT = 30_000  # of more than that, for each look
GRID = 160, 240  # lines and columns of the density
AROUND = 0.25  # of what is in view on each side of it, so that a short move needs nothing new
WHOLE: Extent = (-1.0, 1.0, -1.0, 1.0)
SHADES = 255


@dataclass(frozen=True)
class MapView:
    """rows int64 (M,): the samples drawn, ascending. density uint8 (lines, columns), the lowest line first: from 0 for
    no sample to 255 for the most, by the logarithm. n: samples in the extent, drawn or not.
    """

    extent: Extent
    rows: np.ndarray
    density: np.ndarray
    n: int


def map_view(found: SampleMap, extent: Extent, first: np.ndarray) -> MapView:
    """A look at the samples in an extent; those of `first` int (M,) are drawn before all others."""
    counts = counts_in(found.place, extent, GRID)
    rows = thinned(found.place, extent, first, SENT)
    shades = np.log1p(counts) * (SHADES / max(np.log1p(counts.max()), 1e-12))
    return MapView(extent, rows, np.ceil(shades).astype(np.uint8), int(counts.sum()))


def extent_around(seen: Sequence[float]) -> Extent:
    """What is sent for a browser that shows `seen`: a little more on each side, and never more than the whole map.

    All of it for what is no extent.
    """
    ends = np.asarray(seen, np.float64)
    if ends.shape != (4,) or not np.isfinite(ends).all() or ends[0] >= ends[1] or ends[2] >= ends[3]:
        return WHOLE
    width, height = AROUND * (ends[1] - ends[0]), AROUND * (ends[3] - ends[2])
    left, right, low, high = np.clip(ends + np.array([-width, width, -height, height]), -1, 1).tolist()
    return (left, right, low, high) if left < right and low < high else WHOLE
