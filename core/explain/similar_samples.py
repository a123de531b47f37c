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
