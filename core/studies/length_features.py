"""Which features the correlation of length, or of another column, with the number of features consists of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix import tallies
from core.matrix.statistics import active_in
from core.schema import FeatureMatrix


@dataclass(frozen=True)
class Decomposition:
    """Cov(length, active features) = Σ_f Cov(length, 1[f active]), exactly; F features. So for any column of numbers.

    covariance: the left side. share float64 (F,): the part of it that is each feature's, summing to 1, nan if it is 0.
    order int64: the features that are ever active by share, largest first. density float64 (F,). with_it, without
    float64 (F,): mean length of the samples that have the feature and that have not, nan if there are none. half: how
    many of the first in `order` make up half of the covariance, 0 if it is not above 0.
    """

    covariance: float
    share: np.ndarray
    order: np.ndarray
    density: np.ndarray
    with_it: np.ndarray
    without: np.ndarray
    half: int


def decomposition(matrix: FeatureMatrix, tokens: np.ndarray) -> Decomposition:
    """Whose covariance with length the covariance of tokens (N,) and active features is, in one pass over the entries;
    over the samples whose number is finite.

    Cov(length, 1[f active]) = (Σ length of the samples with f − mean length · how many they are) / N.
    """
    tokens = np.asarray(tokens, np.float64)
    known = np.isfinite(tokens)
    n_known = int(known.sum())
    n, mean = max(n_known, 1), tokens[known].mean() if n_known else 0.0
    weight = np.where(known, tokens - mean, 0.0)
    count, centred = tallies.feature_sums(matrix.indptr, matrix.feature, weight, matrix.n_features)
    if n_known < matrix.n_samples:
        count = active_in(matrix, np.flatnonzero(known))
    part = centred / n
    covariance = float(part.sum())
    order = np.argsort(-part, kind="stable")
    order = order[count[order] > 0]
    rising = np.cumsum(part[order])
    half = int(np.argmax(rising >= covariance / 2)) + 1 if covariance > 0 else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        with_it, without = mean + centred / count, mean - centred / (n_known - count)
        share = part / covariance if covariance else np.full(len(part), np.nan)
    without[count == n_known] = np.nan
    return Decomposition(covariance, share, order, count / n, with_it, without, half)
