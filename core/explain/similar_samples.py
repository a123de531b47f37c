"""The samples that share most features with one sample."""

from __future__ import annotations

import numpy as np

from core.matrix.transpose import row_sums
from core.schema import FeatureMatrix
from core.selection.constraints import check_rows


def nearest(matrix: FeatureMatrix, row: int, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Up to `k` other samples that share a feature with `row`, by Jaccard index: rows int64, jaccard float64.

    The largest |A ∩ B| / |A ∪ B| of the active features first, ties to the lowest row; one pass over the entries.
    Raises SelectionError if there is no such row.
    """
    check_rows([row], matrix.n_samples)
    own = np.zeros(matrix.n_features)
    own[matrix.row(row)] = 1
    shared = row_sums(matrix.indptr, matrix.feature, own)
    shared[row] = 0
    union = matrix.counts + matrix.counts[row] - shared
    jaccard = np.divide(shared, union, out=np.zeros(matrix.n_samples), where=union > 0)
    order = np.argsort(-jaccard, kind="stable")[:k]
    order = order[jaccard[order] > 0]
    return order, jaccard[order]


def having(matrix: FeatureMatrix, feature: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Those of `rows` (K,) in which a feature is active, in their order, and its value in each: int64, float32."""
    owner = np.searchsorted(matrix.indptr, np.flatnonzero(matrix.feature == feature), side="right") - 1
    value = np.zeros(matrix.n_samples, np.float32)
    value[owner] = matrix.value[matrix.feature == feature]
    active = np.zeros(matrix.n_samples, bool)
    active[owner] = True
    rows = np.asarray(rows, np.int64)
    rows = rows[active[rows]]
    return rows, value[rows]
