"""Some rows of a matrix, each once, or all others, and the rows of several matrices as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.schema import FeatureMatrix


def rows_of(matrix: FeatureMatrix, rows: np.ndarray) -> FeatureMatrix:
    """Some rows int64 of a matrix, in their order."""
    indptr = np.concatenate([[0], np.cumsum(matrix.counts[rows])])
    at = np.arange(indptr[-1]) + np.repeat(matrix.indptr[rows] - indptr[:-1], np.diff(indptr))
    return FeatureMatrix(indptr, matrix.feature[at], matrix.value[at], matrix.n_features, matrix.content)


def among(n: int, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Which of n are among `rows`, numbers from 0 to before n: bool (n,)."""
    mask = np.zeros(n, bool)
    mask[np.asarray(rows, np.int64)] = True
    return mask


def distinct(n: int, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """`rows` of n, each once: int64, ascending. numpy.unique would hash or sort them: seconds for a million."""
    return np.flatnonzero(among(n, rows))


def others(n: int, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Those of n that are not among `rows`: int64, ascending."""
    return np.flatnonzero(~among(n, rows))


def stacked(parts: Sequence[FeatureMatrix]) -> FeatureMatrix:
    """The rows of matrices of the same features, one matrix after another."""
    starts = np.cumsum([0, *(len(part.feature) for part in parts)])
    indptr = [part.indptr[1:] + start for part, start in zip(parts, starts, strict=False)]
    feature, value = (np.concatenate([getattr(part, name) for part in parts]) for name in ("feature", "value"))
    return FeatureMatrix(np.concatenate([[0], *indptr]), feature, value, parts[0].n_features, parts[0].content)
