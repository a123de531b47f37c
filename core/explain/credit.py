"""Which pick is credited with what, what the picks leave redundant, and who covers a sample.

Every function takes the matrix at the selection's scope; entries ≤ its θ are dropped here, as `select` does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.matrix.covering import coverage_curve, credited_entries, walk_covered
from core.matrix.statistics import active_in
from core.matrix.threshold import at_theta
from core.matrix.transpose import row_sums
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import ignored, weights


@dataclass(frozen=True)
class Ledger:
    """The account of a selection. Pick k is credited with feature[ptr[k]:ptr[k+1]], ascending, and their values.

    Picks: ptr int64 (K+1,), feature int32, value float32, gains float64 (K,), credit int32 (F,) (the pick that has the
    feature first, -1 for none). Samples: n_active int64 (N,) features that can earn credit; redundancy float64 (N,)
    share of them that some pick has, 1.0 if there are none; gain_now float64 (N,) gain as the next pick of the current
    round, 0 for picks; budget_in int64 (N,) the smallest budget at which greedy takes the sample, -1 for never.
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


@dataclass(frozen=True)
class CoveringPick:
    """A pick (its index in the selection and its row) that was first to have some features int32 of a sample."""

    rank: int
    row: int
    n_features: int
    features: np.ndarray


def ledger(matrix: FeatureMatrix, selection: Selection, full_order: Selection | None = None) -> Ledger:
    """The account of all picks and all samples, O(nnz). `full_order`: greedy with the budget N, for budget_in."""
    spec, matrix = selection.spec, at_theta(matrix, selection.spec.theta)
    skip, r = ignored(matrix, spec), spec.multiplicity
    ptr, entry = credited_entries(matrix.indptr, matrix.feature, selection.rows, selection.round, skip, r)
    current = selection.rows[selection.round == selection.round[-1:].max(initial=0)]
    gain_now = weight_sums(matrix, credit_weights(matrix, selection) * (active_in(matrix, current) < r))
    gain_now[selection.rows] = 0
    budget_in = np.full(matrix.n_samples, -1, np.int64)
    if full_order is not None:
        budget_in[full_order.rows] = np.arange(1, len(full_order.rows) + 1)
    return Ledger(
        ptr=ptr,
        feature=matrix.feature[entry],
        value=matrix.value[entry],
        gains=selection.gains,
        credit=_walk(matrix, selection)[2],
        n_active=weight_sums(matrix, ~skip).astype(np.int64),
        redundancy=redundancy(matrix, selection),
        gain_now=gain_now,
        budget_in=budget_in,
    )


def redundancy(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """Share of each sample's creditable active features that some pick has: float64 (N,), 1.0 if it has none."""
    matrix = at_theta(matrix, selection.spec.theta)
    n_active = weight_sums(matrix, ~ignored(matrix, selection.spec))
    covered = weight_sums(matrix, _walk(matrix, selection)[2] >= 0)
    return np.divide(covered, n_active, out=np.ones(matrix.n_samples), where=n_active > 0)


def covering_picks(matrix: FeatureMatrix, selection: Selection, sample: int) -> list[CoveringPick]:
    """The picks that were first to have the features of `sample`, those with most features first, then by rank."""
    if not 0 <= sample < matrix.n_samples:
        raise SelectionError(f"Row {sample} is outside 0..{matrix.n_samples - 1}.")
    matrix = at_theta(matrix, selection.spec.theta)
    features = matrix.row(sample)
    first = _walk(matrix, selection)[2][features]
    picks = []
    for rank in np.unique(first[first >= 0]).tolist():
        shared = features[first == rank]
        picks.append(CoveringPick(rank, int(selection.rows[rank]), len(shared), shared))
    return sorted(picks, key=lambda pick: (-pick.n_features, pick.rank))


def random_band(
    matrix: FeatureMatrix, budget: int, draws: int = 20, seed: int = 0, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, median and highest coverage over random orders of the samples (allowed bool (N,)): float64 (K,) each."""
    rng, rows = np.random.default_rng(seed), np.arange(matrix.n_samples)
    rows = rows if allowed is None else rows[allowed]
    curves = np.array([coverage_curve(matrix, rng.permutation(rows)[:budget]) for _ in range(draws)], float)
    return curves.min(0), np.median(curves, 0), curves.max(0)


def _walk(matrix: FeatureMatrix, selection: Selection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    picks = (selection.rows, selection.round, _weights(matrix, selection), ignored(matrix, selection.spec))
    return walk_covered(matrix.indptr, matrix.feature, *picks, selection.spec.multiplicity)


def weight_sums(matrix: FeatureMatrix, weight: np.ndarray) -> np.ndarray:
    return row_sums(matrix.indptr, matrix.feature, weight.astype(np.float64))


def _weights(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    return weights(matrix, selection.spec) if selection.weight is None else selection.weight


def credit_weights(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    return np.where(ignored(matrix, selection.spec), 0.0, _weights(matrix, selection))
