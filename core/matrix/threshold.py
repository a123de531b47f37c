"""What a JumpReLU threshold θ leaves of a matrix, and which θ leaves greedy a choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.greedy import first_gains
from core.matrix.transpose import transpose
from core.schema import FeatureMatrix


def at_theta(matrix: FeatureMatrix, theta: float) -> FeatureMatrix:
    """`matrix.at(theta)`, or the same object if that would change nothing, so that what is kept for it stays valid."""
    return matrix if matrix.value.min(initial=np.inf) > theta else matrix.at(theta)


CLIMBING = 0.9  # share of the coverable features at which a coverage curve still has some way to go
MEDIAN = 0.5
QUANTILES = (0, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)


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


def median_theta(table: list[ThetaRow]) -> float:
    """The θ of topics: the median of their values, or 0 where none is larger.

    Every sample has k topics, whether it is about so many things or not; the weaker half seldom fits (docs/topics.md).
    """
    return next((row.theta for row in table if row.quantile == MEDIAN and row.coverable), 0.0)


def _theta_row(matrix: FeatureMatrix, quantile: float, theta: float) -> ThetaRow:
    coverable = int(np.count_nonzero(np.bincount(matrix.feature)))
    budgets = [max(1, matrix.n_samples // part) for part in (100, 20, 10)]
    fptr, sample = transpose(matrix.indptr, matrix.feature, matrix.n_features)
    gains = first_gains(matrix.indptr, matrix.feature, fptr, sample, budgets[-1])  # later rounds cover nothing new
    covered = np.concatenate([[0], np.cumsum(gains)])
    shares = covered[np.minimum(budgets, len(gains))] / max(coverable, 1)
    return ThetaRow(quantile, theta, float(matrix.counts.mean()), coverable, *shares.tolist())
