"""Differences of groups against counting, scipy and planted ones."""

import numpy as np
import pytest
from hypothesis import given
from scipy import stats

from core.schema import FeatureMatrix
from core.session.groups import Group
from core.studies.differences import correlations, differences, matched_by_length
from tests.strategies import quick, seeds


def drawn(rng, n, features=9, density=0.4):
    dense = rng.random((n, features)) < density
    return FeatureMatrix.from_sets([np.flatnonzero(row).tolist() for row in dense], features), dense


@quick
@given(seeds)
def test_differences_are_counts_fisher_s_test_and_the_odds(seed):
    rng = np.random.default_rng(seed)
    (matrix, dense), (others, dense_two) = drawn(rng, 30), drawn(rng, 25)
    one = np.sort(rng.choice(30, 12, replace=False))
    same = bool(seed % 2)
    two = np.sort(rng.choice(30, 9, replace=False)) if same else np.arange(25)
    other = Group("two", matrix if same else others, two)
    a, b = (np.setdiff1d(one, two), np.setdiff1d(two, one)) if same else (one, two)
    found, second = differences(Group("one", matrix, one), other), dense if same else dense_two
    assert (found.n_one, found.n_two) == (len(a), len(b))
    assert sorted(found.feature.tolist()) == np.flatnonzero(dense[a].any(0) | second[b].any(0)).tolist()
    assert (np.diff(found.q) >= 0).all()
    for i, f in enumerate(found.feature.tolist()):
        counts = dense[a, f].sum(), second[b, f].sum()
        assert (found.one[i], found.two[i]) == counts
        table = np.array([[counts[0], len(a) - counts[0]], [counts[1], len(b) - counts[1]]]) + 0.5
        odds = stats.contingency.odds_ratio((table * 2).astype(int), kind="sample").statistic
        assert found.log_odds[i] == pytest.approx(np.log(odds))
        assert found.high[i] - found.log_odds[i] == pytest.approx(stats.norm.ppf(0.975) * np.sqrt((1 / table).sum()))
    have, has = dense[one].any(0), second[two].any(0)
    assert found.covers_two == pytest.approx((have & has).sum() / has.sum())
    assert found.covers_one == pytest.approx((have & has).sum() / have.sum())


@quick
@given(seeds)
def test_correlations_are_scipy_s(seed):
    rng = np.random.default_rng(seed)
    matrix, dense = drawn(rng, 40)
    values = rng.normal(size=40) + 2 * dense[:, 3]
    values[rng.choice(40, 5, replace=False)] = np.nan
    known, found = np.isfinite(values), correlations(matrix, values)
    varies = [f for f in range(9) if 0 < dense[known, f].sum() < known.sum()]
    expected = {f: stats.pearsonr(dense[known, f], values[known]) for f in varies}
    assert found.n == 35 and sorted(found.feature.tolist()) == varies
    q = dict(zip(varies, stats.false_discovery_control([expected[f].pvalue for f in varies]), strict=True))
    for f, n, r, got in zip(found.feature.tolist(), found.one, found.r, found.q, strict=True):
        assert n == dense[known, f].sum() and r == pytest.approx(expected[f].statistic)
        assert got == pytest.approx(q[f], abs=1e-12)
    assert (np.diff(np.abs(found.r)) <= 0).all()


def test_a_planted_difference_comes_first_and_a_constant_column_goes_with_nothing():
    rng = np.random.default_rng(3)
    dense = rng.random((400, 200)) < 0.3
    dense[:200, 7] |= rng.random(200) < 0.5
    matrix = FeatureMatrix.from_sets([np.flatnonzero(row).tolist() for row in dense], 200)
    found = differences(Group("one", matrix, np.arange(200)), Group("two", matrix, np.arange(200, 400)))
    assert found.feature[found.differs].tolist() == [7] and found.low[0] > 0
    assert not len(correlations(matrix, np.ones(400)).feature)
    assert not len(correlations(matrix, np.full(400, np.nan)).feature)


def test_groups_of_equal_length_share_their_bins():
    rng = np.random.default_rng(0)
    matrix, _ = drawn(rng, 1000)
    length = rng.integers(10, 500, 1000)
    long = Group("long", matrix, np.argsort(-length)[:60])
    others = Group("others", matrix, np.setdiff1d(np.arange(1000), long.rows))
    matched = matched_by_length(long, others, length)
    assert len(matched.rows) == 60 and not set(matched.rows) & set(long.rows)
    assert length[matched.rows].mean() > length[others.rows].mean()
