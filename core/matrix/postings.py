"""Which samples have a feature, read off the transpose of a matrix, which is made once and kept with the matrix."""

from __future__ import annotations

import numpy as np

from core.matrix.transpose import transpose
from core.schema import FeatureMatrix


def postings(matrix: FeatureMatrix) -> tuple[np.ndarray, np.ndarray]:
    """Posting lists: (fptr int64 (F+1,), sample int32 (nnz,)), the samples of each feature ascending.

    Computed at the first call and freed with the matrix.
    """
    kept = matrix.kept.get("postings")
    if kept is None:
        kept = matrix.kept["postings"] = transpose(matrix.indptr, matrix.feature, matrix.n_features)
    return kept


def samples_with(matrix: FeatureMatrix, feature: int) -> np.ndarray:
    """The samples in which a feature is active: int32, ascending."""
    fptr, sample = postings(matrix)
    return sample[fptr[feature] : fptr[feature + 1]]


def samples_per_feature(matrix: FeatureMatrix) -> np.ndarray:
    """In how many samples each feature is active: int64 (F,)."""
    return np.diff(postings(matrix)[0])


def having(matrix: FeatureMatrix, feature: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of `rows` int (K,) in which a feature is active, in their order, and its value in each: int64, float32."""
    owner, rows = samples_with(matrix, feature), np.asarray(rows, np.int64)
    active, value = np.zeros(matrix.n_samples, bool), np.zeros(matrix.n_samples, np.float32)
    active[owner], value[owner] = True, matrix.value[matrix.feature == feature]
    rows = rows[active[rows]]
    return rows, value[rows]
