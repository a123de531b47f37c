"""Why a selection is what it is: credit of the picks, redundancy of the rest, curves, bounds, the choice of θ.

Every function takes the matrix at the selection's scope; entries ≤ its θ are dropped here, as `select` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import kernels
from core.constraints import at_theta, available, ignored, weights
from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection

CLIMBING = 0.9  # share of the coverable features at which a coverage curve still has some way to go
QUANTILES = (0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)


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


@dataclass(frozen=True)
class Certificate:
    """No selection of this size covers more weight than `bound`; share = covered / bound."""

    covered: float
    bound: float
    share: float


@dataclass(frozen=True)
class LengthEffect:
    """Correlation between tokens and active features over n samples; nan where one of them does not vary."""

    pearson: float
    spearman: float
    n: int


@dataclass(frozen=True)
class ThetaRow:
    """What a threshold leaves: coverable features, and the share of them that greedy covers with a part of the data."""

    quantile: float
    theta: float
    mean_active: float
    coverable: int
    at_hundredth: float
    at_twentieth: float
    at_tenth: float


def ledger(matrix: FeatureMatrix, selection: Selection, full_order: Selection | None = None) -> Ledger:
    """The account of all picks and all samples, O(nnz). `full_order`: greedy with the budget N, for budget_in."""
    spec, matrix = selection.spec, at_theta(matrix, selection.spec.theta)
    skip, r = ignored(matrix, spec), spec.multiplicity
    ptr, entry = kernels.credited_entries(matrix.indptr, matrix.feature, selection.rows, selection.round, skip, r)
    current = selection.rows[selection.round == selection.round[-1:].max(initial=0)]
    gain_now = _sums(matrix, _credit_weights(matrix, selection) * (times_picked(matrix, current) < r))
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
        n_active=_sums(matrix, ~skip).astype(np.int64),
        redundancy=redundancy(matrix, selection),
        gain_now=gain_now,
        budget_in=budget_in,
    )


def redundancy(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """Share of each sample's creditable active features that some pick has: float64 (N,), 1.0 if it has none."""
    matrix = at_theta(matrix, selection.spec.theta)
    n_active = _sums(matrix, ~ignored(matrix, selection.spec))
    covered = _sums(matrix, _walk(matrix, selection)[2] >= 0)
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


def coverage_curve(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Number of distinct features active in the first 1, 2, … of `rows`: int64 (K,)."""
    rows, none = np.asarray(rows, np.int64), np.zeros(matrix.n_features, bool)
    rounds = np.ones(len(rows), np.int32)
    return kernels.walk_covered(matrix.indptr, matrix.feature, rows, rounds, np.ones(len(none)), none, 1)[1]


def random_band(
    matrix: FeatureMatrix, budget: int, draws: int = 20, seed: int = 0, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, median and highest coverage over random orders of the samples (allowed bool (N,)): float64 (K,) each."""
    rng, rows = np.random.default_rng(seed), np.arange(matrix.n_samples)
    rows = rows if allowed is None else rows[allowed]
    curves = np.array([coverage_curve(matrix, rng.permutation(rows)[:budget]) for _ in range(draws)], float)
    return curves.min(0), np.median(curves, 0), curves.max(0)


def certificate(matrix: FeatureMatrix, selection: Selection) -> Certificate:
    """How near a selection S of size k is to the best: OPT_k ≤ f(S) + the k largest gains left, and ≤ all there is.

    f(S) sums w_f · min(r, picks that have f); the best is over the samples that vetoes and bans leave. Raises
    SelectionError for a budget in tokens.
    """
    spec, matrix = selection.spec, at_theta(matrix, selection.spec.theta)
    if spec.unit != "samples":
        raise SelectionError("A certificate can only be given for a budget in samples.")
    weight, allowed = _credit_weights(matrix, selection), available(matrix, spec)
    count = times_picked(matrix, selection.rows)
    covered = float(weight @ np.minimum(count, spec.multiplicity))
    most = float(weight @ np.minimum(times_picked(matrix, np.flatnonzero(allowed)), spec.multiplicity))
    allowed[selection.rows] = False
    gains = np.sort(_sums(matrix, weight * (count < spec.multiplicity))[allowed])[::-1]
    bound = max(covered, min(most, covered + float(gains[: len(selection.rows)].sum())))  # max: against rounding
    return Certificate(covered, bound, covered / bound if bound > 0 else 1.0)


def length_effect(matrix: FeatureMatrix, tokens: np.ndarray) -> LengthEffect:
    """Correlation between tokens (N,) and active features, over the samples whose token count is a finite number."""
    from scipy import stats

    tokens = np.asarray(tokens, float)
    known = np.isfinite(tokens)
    x, y = tokens[known], matrix.counts[known]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return LengthEffect(float("nan"), float("nan"), len(x))
    return LengthEffect(float(stats.pearsonr(x, y)[0]), float(stats.spearmanr(x, y)[0]), len(x))


def default_theta(matrix: FeatureMatrix) -> tuple[float, list[ThetaRow]]:
    """`chosen_theta` of the matrix, and the table it was chosen from."""
    table = theta_table(matrix)
    return chosen_theta(table), table


def theta_table(matrix: FeatureMatrix) -> list[ThetaRow]:
    """What θ leaves at each of QUANTILES of the values; nothing for a matrix without entries."""
    table, values = [], np.quantile(matrix.value, QUANTILES) if len(matrix.value) else ()
    for quantile, theta in zip(QUANTILES, values, strict=False):
        theta = float(theta) if quantile else 0.0
        matrix = at_theta(matrix, theta)  # θ ascends: each step filters what the last one left
        table.append(_theta_row(matrix, quantile, theta))
    return table


def chosen_theta(table: list[ThetaRow]) -> float:
    """The θ that leaves greedy a choice.

    The quantile at which greedy with a tenth of the samples comes nearest to covering 90 % of what all cover; in a data
    set so large that it covers more at every quantile, the same with a twentieth, then a hundredth; only quantiles that
    leave 5 active features a sample count. Failing all that, the largest of those, or 0.
    """
    rich = [row for row in table if row.mean_active >= 5]
    for share in ("at_tenth", "at_twentieth", "at_hundredth"):
        if any(getattr(row, share) < CLIMBING for row in rich):
            return min(rich, key=lambda row: abs(getattr(row, share) - CLIMBING)).theta
    return (rich[-1] if rich else table[0]).theta if table else 0.0


def _theta_row(matrix: FeatureMatrix, quantile: float, theta: float) -> ThetaRow:
    coverable = int(np.count_nonzero(np.bincount(matrix.feature)))
    budgets = [max(1, matrix.n_samples // part) for part in (100, 20, 10)]
    everyone, nobody = np.ones(matrix.n_samples, bool), np.empty(0, np.int64)
    lists = kernels.transpose(matrix.indptr, matrix.feature, matrix.n_features)
    rows, *_ = kernels.greedy(
        matrix.indptr, matrix.feature, *lists, np.ones(matrix.n_features, np.uint8), everyone, nobody,
        np.empty(0, np.int32), budgets[-1],
    )  # fmt: skip
    shares = coverage_curve(matrix, rows)[np.array(budgets) - 1] / max(coverable, 1)
    return ThetaRow(quantile, theta, float(matrix.counts.mean()), coverable, *shares.tolist())


def _walk(matrix: FeatureMatrix, selection: Selection) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    picks = (selection.rows, selection.round, _weights(matrix, selection), ignored(matrix, selection.spec))
    return kernels.walk_covered(matrix.indptr, matrix.feature, *picks, selection.spec.multiplicity)


def _sums(matrix: FeatureMatrix, weight: np.ndarray) -> np.ndarray:
    return kernels.row_sums(matrix.indptr, matrix.feature, weight.astype(np.float64))


def _weights(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    return weights(matrix, selection.spec) if selection.weight is None else selection.weight


def _credit_weights(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    return np.where(ignored(matrix, selection.spec), 0.0, _weights(matrix, selection))


def times_picked(matrix: FeatureMatrix, rows: np.ndarray) -> np.ndarray:
    """In how many of the distinct `rows` each feature is active: int64 (F,)."""
    picked = np.zeros(matrix.n_samples, bool)
    picked[rows] = True
    return np.bincount(matrix.feature[np.repeat(picked, matrix.counts)], minlength=matrix.n_features)


def enrichment(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """How much commoner each feature is among `rows` than among all samples: float64 (F,), 0 if never active."""
    count, all_counts = times_picked(matrix, np.asarray(rows, np.int64)), matrix.density() * matrix.n_samples
    expected = all_counts * len(rows) / max(matrix.n_samples, 1)
    return np.divide(count, expected, out=np.zeros(matrix.n_features), where=expected > 0)
