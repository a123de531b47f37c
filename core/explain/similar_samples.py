"""The samples most like one sample by the features of a lens, and two samples side by side.

The similarity is one number everywhere: the cosine of the values, each feature weighed by its rarity
(`matrix.likeness`). Every function takes the matrix at the selection's scope; entries ≤ its θ are dropped here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.likeness import similarities, unit_row
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import check_rows, ignored

Similar = tuple[np.ndarray, np.ndarray]  # rows int64, similarity float64 above 0, the most similar first


def most_similar(matrix: FeatureMatrix, spec: SelectionSpec, row: int, k: int = 10) -> Similar:
    """Up to `k` other samples that share a feature with `row`, the most similar first, ties to the lowest row.

    Ignored features do not count. Raises SelectionError if there is no such row.
    """
    return _most_similar(matrix, spec, row, np.arange(matrix.n_samples), k)


def most_similar_kept(matrix: FeatureMatrix, selection: Selection, row: int, k: int = 10) -> Similar:
    """The same among the kept samples."""
    return _most_similar(matrix, selection.spec, row, np.sort(selection.rows), k)


def _most_similar(matrix: FeatureMatrix, spec: SelectionSpec, row: int, among: np.ndarray, k: int) -> Similar:
    check_rows([row], matrix.n_samples)
    matrix = at_theta(matrix, spec.theta)
    found = similarities(matrix, row, ignored(matrix, spec), among)
    found[among == row] = 0
    order = np.argsort(-found, kind="stable")[:k]
    order = order[found[order] > 0]
    return among[order], found[order]


@dataclass(frozen=True)
class SideBySide:
    """Two samples: what both have and what only one has, features int32 with their values float32.

    shared: by how much each adds to the similarity, most first; values float32 (M, 2) of the first and the second.
    own: of either the features that the other lacks, strongest first; own_values: theirs.
    """

    similarity: float
    shared: np.ndarray
    values: np.ndarray
    own: tuple[np.ndarray, np.ndarray]
    own_values: tuple[np.ndarray, np.ndarray]


def side_by_side(matrix: FeatureMatrix, spec: SelectionSpec, first: int, second: int) -> SideBySide:
    """Two samples side by side; ignored features are left out. Raises SelectionError for a row that is not there."""
    check_rows([first, second], matrix.n_samples)
    matrix = at_theta(matrix, spec.theta)
    skip = ignored(matrix, spec)
    entries = [np.arange(matrix.indptr[row], matrix.indptr[row + 1]) for row in (first, second)]
    a, b = (entry[~skip[matrix.feature[entry]]] for entry in entries)
    shared, at_a, at_b = np.intersect1d(matrix.feature[a], matrix.feature[b], return_indices=True)
    units = zip((first, second), (a[at_a], b[at_b]), strict=True)
    adds = np.prod([unit_row(matrix, row, skip)[at - matrix.indptr[row]] for row, at in units], axis=0)
    order = np.argsort(-adds, kind="stable")
    values = np.stack([matrix.value[a[at_a]], matrix.value[b[at_b]]], 1)[order]
    left = [entry[~np.isin(matrix.feature[entry], shared)] for entry in (a, b)]
    left = [entry[np.argsort(-matrix.value[entry], kind="stable")] for entry in left]
    own, own_values = (tuple(array[entry] for entry in left) for array in (matrix.feature, matrix.value))
    return SideBySide(min(float(adds.sum()), 1.0), shared[order], values, own, own_values)
