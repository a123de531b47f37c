"""The map of a session's samples: their places in its box, its outlines, its areas, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.explain.map_areas import map_areas
from core.matrix.plane import boxed, inside, outlines
from core.selection.clustering import Clusters
from core.session.lasso import lasso_of
from core.session.session import Session


@dataclass(frozen=True)
class SampleMap:
    """place float32 (N, 2) in the box from −1 to 1; outside int64 (M,): rows of outliers, which stand at its border.

    outlines: float32 (S, 2, 2) each, from the outermost inwards (see matrix.plane).
    """

    place: np.ndarray
    outside: np.ndarray
    outlines: tuple[np.ndarray, ...]

    def rows_in(self, lasso: str) -> np.ndarray:
        """The samples in a lasso (see session.lasso): int64, ascending; none for a text that says no area."""
        polygon = lasso_of(lasso)
        return np.flatnonzero(inside(self.place, polygon)) if len(polygon) else np.zeros(0, np.int64)

    def steps(self, rows: np.ndarray | None = None) -> np.ndarray:
        """The places of all samples, or of `rows`, in 65,536 steps a coordinate, uint16 (M, 2): as precise as a screen
        needs, at half the bytes.
        """
        place = self.place if rows is None else self.place[rows]
        return np.rint((place.astype(np.float64) + 1) / 2 * 65535).astype(np.uint16)


def map_of(session: Session, lens: str) -> SampleMap:
    """The map of the samples by the features of a lens."""

    def made() -> SampleMap:
        found = session.projection(lens)
        place, outside = boxed(np.column_stack([found["x"], found["y"]]))
        return SampleMap(place, np.flatnonzero(outside), tuple(outlines(place)))

    return session.remember(("sample map", lens), made)


def areas_of(session: Session, lens: str) -> tuple[Clusters, ...]:
    """The areas of that map, for three levels of a closer look."""
    return session.remember(("map areas", lens), lambda: map_areas(map_of(session, lens).place))
