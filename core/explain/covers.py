"""The fewest kept samples that together have what one sample has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.likeness import greedy_cover, lists_of
from core.matrix.rows import among
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import check_rows, ignored


@dataclass(frozen=True)
class Cover:
    """rows int64 (M,) of the kept samples; features: of each the int32 that it adds to those before; left int32: what
    no kept sample has. Features ascending.
    """

    rows: np.ndarray
    features: tuple[np.ndarray, ...]
    left: np.ndarray

    @property
    def covered(self) -> int:
        """How many of the sample's features they have."""
        return sum(map(len, self.features))


def smallest_cover(matrix: FeatureMatrix, selection: Selection, row: int) -> Cover:
    """The kept samples that together have the features of `row`, found greedily: always the one that has most of those
    left, ties to the lowest row (see `greedy_cover` for how far from the fewest that may be).

    A kept row is covered by others than itself. Ignored features do not count; entries ≤ the selection's θ are dropped.
    Raises SelectionError if there is no such row.
    """
    check_rows([row], matrix.n_samples)
    matrix = at_theta(matrix, selection.spec.theta)
    skip, kept = ignored(matrix, selection.spec), np.sort(selection.rows[selection.rows != row])
    features = matrix.row(row)[~skip[matrix.row(row)]]
    skipped = ~among(matrix.n_features, features)
    chosen, by = greedy_cover(features, lists_of(matrix, kept, skipped), np.zeros(len(kept), np.int32), len(features))
    return Cover(kept[chosen], tuple(features[by == i] for i in range(len(chosen))), features[by < 0])
