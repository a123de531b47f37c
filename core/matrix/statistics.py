"""Statistics of feature matrices and of pairs of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from core.schema import FeatureMatrix


@njit(cache=True)
def cofiring(indptr, feature, rows, n_features):
    """In how many of the samples `rows` each feature is active: int64 (F,)."""
    count = np.zeros(n_features, np.int64)
    for row in rows:
        for j in range(indptr[row], indptr[row + 1]):
            count[feature[j]] += 1
    return count


@dataclass(frozen=True)
class LengthEffect:
    """Correlation between tokens and active features over n samples; nan where one of them does not vary."""

    pearson: float
    spearman: float
    n: int


def length_effect(matrix: FeatureMatrix, tokens: np.ndarray) -> LengthEffect:
    """Correlation between tokens (N,) and active features, over the samples whose token count is a finite number."""
    from scipy import stats

    tokens = np.asarray(tokens, float)
    known = np.isfinite(tokens)
    x, y = tokens[known], matrix.counts[known]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return LengthEffect(float("nan"), float("nan"), len(x))
    return LengthEffect(float(stats.pearsonr(x, y)[0]), float(stats.spearmanr(x, y)[0]), len(x))


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


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r; nan where one of the two does not vary."""
    varies = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return float(np.corrcoef(x, y)[0, 1]) if varies else float("nan")


def midranks(count: np.ndarray) -> np.ndarray:
    """Ranks from 1 of whole numbers ≥ 0, ties sharing their mean rank: float64. Counted, not sorted."""
    size = np.bincount(count)
    return (np.cumsum(size) - (size - 1) / 2)[count]
