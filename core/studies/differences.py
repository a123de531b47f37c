"""What two groups of samples differ in: features commoner in one of them, or that go with a column of numbers.

The groups may lie in two matrices of the same features, those of two stores for instance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import active_in
from core.matrix.tallies import feature_sums
from core.schema import FeatureMatrix
from core.session.groups import Group
from core.studies.length import NORMAL
from core.studies.matched_sets import LEVEL, adjusted, length_matched


@dataclass(frozen=True)
class Differences:
    """n_one, n_two: samples of each group, without those in both. Of the features that either has, M of them:
    feature int64, the surest difference first, the stronger first among equals; one, two int64: samples with it;
    log_odds, low, high float64: the logarithm of the odds ratio of one to two, ½ added to each count (Haldane and
    Anscombe), with its 95 % interval (Woolf); q float64: p of the hypergeometric test by Benjamini and Hochberg.

    covers_two: the share of the second group's features that the first has too; covers_one the other way round.
    """

    n_one: int
    n_two: int
    feature: np.ndarray
    one: np.ndarray
    two: np.ndarray
    log_odds: np.ndarray
    low: np.ndarray
    high: np.ndarray
    q: np.ndarray
    covers_two: float
    covers_one: float

    @property
    def differs(self) -> np.ndarray:
        """Which of the features differ at a false discovery rate of 5 %: bool (M,)."""
        return self.q <= LEVEL


def differences(one: Group, two: Group) -> Differences:
    """The features of one group against those of another; samples in both are left out where they share a matrix."""
    rows, others = one.rows, two.rows
    if one.matrix is two.matrix:
        rows, others = np.setdiff1d(one.rows, two.rows), np.setdiff1d(two.rows, one.rows)
    a, b = active_in(one.matrix, rows), active_in(two.matrix, others)
    seen = np.flatnonzero(a + b)
    n, m = len(rows), len(others)
    a, b, q = a[seen], b[seen], adjusted(a, b, n, m)[seen]
    ratio, error = odds(a, b, n, m)
    order = np.lexsort((seen, -np.abs(ratio), q))
    seen, a, b, q, ratio, reach = seen[order], a[order], b[order], q[order], ratio[order], NORMAL * error[order]
    covered = active_in(one.matrix, one.rows) > 0, active_in(two.matrix, two.rows) > 0
    covers_two, covers_one = (float((covered[0] & covered[1]).sum() / max(side.sum(), 1)) for side in covered[::-1])
    return Differences(n, m, seen, a, b, ratio, ratio - reach, ratio + reach, q, covers_two, covers_one)


def odds(a: np.ndarray, b: np.ndarray, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """The logarithm of the odds ratio of a of n against b of m, and its standard error, float64 each."""
    with_it, without = (a + 0.5, b + 0.5), (n - a + 0.5, m - b + 0.5)
    log_odds = np.log(with_it[0] / without[0]) - np.log(with_it[1] / without[1])
    return log_odds, np.sqrt(sum(1 / part for part in (*with_it, *without)))


def matched_by_length(one: Group, two: Group, length: np.ndarray, seed: int = 0) -> Group:
    """As many samples of the second group as the first has in each bin of length (N,), as far as there are any.

    Both must lie in the matrix that the length is of. Says how groups differ apart from how long their samples are.
    """
    allowed = np.zeros(two.matrix.n_samples, bool)
    allowed[two.rows] = True
    return Group(f"{two.name}, of the same length", two.matrix, length_matched(length, one.rows, allowed, seed))


@dataclass(frozen=True)
class Correlations:
    """n: samples with a value. Of the features that some but not all of these have: feature int64, the largest |r|
    first; one int64: samples with it; r float64: point-biserial correlation with the column; q float64: p of its
    t test, by Benjamini and Hochberg.
    """

    n: int
    feature: np.ndarray
    one: np.ndarray
    r: np.ndarray
    q: np.ndarray


def correlations(matrix: FeatureMatrix, values: np.ndarray) -> Correlations:
    """How having each feature goes with a column of numbers (N,), over the samples whose value is finite."""
    from scipy.stats import false_discovery_control
    from scipy.stats import t as student

    known = np.isfinite(values)
    n = int(known.sum())
    centred = np.where(known, values - values[known].mean() if n else 0.0, 0.0)
    count = active_in(matrix, np.flatnonzero(known))
    sums = feature_sums(matrix.indptr, matrix.feature, centred, matrix.n_features)[1]
    spread = np.sqrt((centred**2).sum())
    some = np.flatnonzero((count > 0) & (count < n)) if n > 2 and spread > 0 else np.zeros(0, np.int64)
    r = sums[some] / (spread * np.sqrt(count[some] * (1 - count[some] / max(n, 1))))
    r = np.clip(r, -1, 1)
    with np.errstate(divide="ignore"):
        p = 2 * student.sf(np.abs(r) * np.sqrt((n - 2) / (1 - r**2)), n - 2)
    q = false_discovery_control(p) if len(some) else p
    order = np.lexsort((some, -np.abs(r)))
    return Correlations(n, some[order], count[some][order], r[order], q[order])
