"""Which pick is credited with what, and what the picks leave redundant.

Every function takes the matrix at the selection's scope; entries ≤ its θ are dropped here, as `select` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.covering import credited_entries, walk_covered
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import available, ignored
from core.selection.left_out import gain_now, share_covered, weight_sums, weights_of


@dataclass(frozen=True)
class Ledger:
    """The account of a selection. Pick k is credited with feature[ptr[k]:ptr[k+1]], ascending, and their values.

    Picks: ptr int64 (K+1,), feature int32, value float32, gains float64 (K,), credit int32 (F,) (the pick that has the
    feature first, -1 for none). Samples: n_active int64 (N,) features that can earn credit; redundancy float64 (N,)
    share of them that some pick has, 1.0 if there are none; gain_now float64 (N,) gain as the next pick of the current
    round, 0 for picks; budget_in int64 (N,) the smallest budget at which greedy takes the sample, -1 for never, 0 for
    one that is more than `known`, the picks of the order that were made.
    """

    ptr: np.ndarray
    feature: np.ndarray
    value: np.ndarray
    gains: np.ndarray
    credit: np.ndarray
    n_active: np.ndarray
    redundancy: np.ndarray
    gain_now: np.ndarray
    budget_in: np.ndarray
    known: int


def ledger(matrix: FeatureMatrix, selection: Selection, order: Selection | None = None) -> Ledger:
    """The account of all picks and all samples, O(nnz). `order`: greedy with the budget N, or its first picks, for
    budget_in.
    """
    spec, matrix = selection.spec, at_theta(matrix, selection.spec.theta)
    skip, r = ignored(matrix, spec), spec.multiplicity
    ptr, entry = credited_entries(matrix.indptr, matrix.feature, selection.rows, selection.round, skip, r)
    budget_in = np.full(matrix.n_samples, -1, np.int64)
    known = 0 if order is None else len(order.rows)
    if order is not None:
        if known == order.spec.budget:  # it may go on
            budget_in[available(matrix, spec)] = 0
        budget_in[order.rows] = np.arange(1, known + 1)
    return Ledger(
        ptr=ptr,
        feature=matrix.feature[entry],
        value=matrix.value[entry],
        gains=selection.gains,
        credit=_walk(matrix, selection)[2],
        n_active=weight_sums(matrix, ~skip).astype(np.int64),
        redundancy=redundancy(matrix, selection),
        gain_now=gain_now(matrix, selection),
        budget_in=budget_in,
        known=known,
    )


def redundancy(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """Share of each sample's creditable active features that some pick has: float64 (N,), 1.0 if it has none."""
    matrix = at_theta(matrix, selection.spec.theta)
    return share_covered(matrix, selection.rows, ignored(matrix, selection.spec))


def _walk(matrix: FeatureMatrix, selection: Selection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    picks = (selection.rows, selection.round, weights_of(matrix, selection), ignored(matrix, selection.spec))
    return walk_covered(matrix.indptr, matrix.feature, *picks, selection.spec.multiplicity)
