"""Every statistic against scipy, or against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.matrix.statistics import (
    active_in,
    hypergeometric_at_least,
    hypergeometric_two_sided,
    in_order,
    length_effect,
    midranks,
    pearson,
    percentile_interval,
    spearman,
    surprise,
    unit_rows,
)
from core.schema import FeatureMatrix
from tests.strategies import FEW, quick, sets_of_features

seeds = st.integers(0, 10**6)


@quick
@given(seeds, st.integers(2, 40), st.booleans())
def test_correlations_are_scipys_ties_included(seed, n, whole):
    rng = np.random.default_rng(seed)
    x, y = (rng.integers(0, 5, n) if whole else rng.normal(size=n).round(1) for _ in range(2))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan([pearson(x, y), spearman(x, y)]).all()
        return
    assert pearson(x, y) == pytest.approx(stats.pearsonr(x, y)[0], abs=1e-12)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y)[0], abs=1e-12)
    if whole:
        assert midranks(x).tolist() == stats.rankdata(x).tolist()


def test_a_constant_that_is_no_whole_number_does_not_vary():
    assert np.isnan([pearson(np.full(7, 0.1), np.arange(7)), spearman(np.arange(7), np.full(7, 0.1))]).all()


@quick
@given(seeds, st.integers(3, 30))
def test_the_length_effect_leaves_out_unknown_counts(seed, n):
    rng = np.random.default_rng(seed)
    matrix = FeatureMatrix.from_sets([rng.integers(0, FEW, 5).tolist() for _ in range(n)], FEW)
    tokens = np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 50, n))
    found, known = length_effect(matrix, tokens), np.isfinite(tokens)
    assert found.n == known.sum()
    if known.sum() > 1 and np.ptp(tokens[known]) and np.ptp(matrix.counts[known]):
        wanted = [test(tokens[known], matrix.counts[known])[0] for test in (stats.pearsonr, stats.spearmanr)]
        assert (found.pearson, found.spearman) == pytest.approx(wanted, abs=1e-12)
    else:
        assert np.isnan([found.pearson, found.spearman]).all()


@quick
@given(seeds, st.integers(1, 60), st.integers(0, 60))
def test_both_hypergeometric_tails_are_scipys_wherever_the_count_lies(seed, total, drawn):
    rng, drawn = np.random.default_rng(seed), min(drawn, total)
    marked = rng.integers(0, total + 1, 20)
    found = np.array([rng.integers(max(0, drawn + m - total), min(m, drawn) + 1) for m in marked])
    above, below = stats.hypergeom.sf(found - 1, total, marked, drawn), stats.hypergeom.cdf(found, total, marked, drawn)
    assert hypergeometric_at_least(found, marked, drawn, total) == pytest.approx(above, rel=1e-9, abs=1e-12)
    tail = np.where(found * total >= marked * drawn, above, below)
    two = hypergeometric_two_sided(found, marked, drawn, total)
    assert two == pytest.approx(np.minimum(1, 2 * tail), rel=1e-9, abs=1e-12)


def test_the_tail_of_a_count_far_below_the_mean_is_one_and_of_one_far_above_it_is_tiny():
    marked, found = np.full(3, 20_000), np.array([1000, 7692, 12_000])
    got = hypergeometric_at_least(found, marked, 20_000, 52_000)
    wanted = stats.hypergeom.sf(found - 1, 52_000, marked, 20_000)
    assert got[0] == 1.0
    assert got == pytest.approx(wanted, rel=1e-6, abs=1e-300)


@quick
@given(seeds, st.integers(1, 3))
def test_the_percentile_interval_is_that_of_the_known_draws(seed, n):
    rng = np.random.default_rng(seed)
    drawn = np.where(rng.random((50, n)) < 0.1, np.nan, rng.normal(size=(50, n)))
    low, high = percentile_interval(drawn)
    for column, a, b in zip(drawn.T, low, high, strict=True):
        assert (a, b) == pytest.approx(tuple(np.percentile(column[np.isfinite(column)], [2.5, 97.5])))


@quick
@given(sets_of_features, st.data())
def test_what_is_active_in_some_rows_and_how_surprising_that_is(sets, data):
    matrix, n = FeatureMatrix.from_sets(sets, FEW), len(sets)
    rows = data.draw(st.lists(st.integers(0, n - 1), max_size=20))
    distinct = set(rows)
    count = [sum(f in sets[i] for i in distinct) for f in range(FEW)]
    expected = [sum(f in s for s in sets) * len(distinct) / n for f in range(FEW)]
    assert active_in(matrix, rows).tolist() == count
    wanted = [(c - e) / e**0.5 if e else 0 for c, e in zip(count, expected, strict=True)]
    assert surprise(matrix, rows) == pytest.approx(wanted)


def test_unit_rows_have_length_one_but_for_zeros():
    vectors = np.array([[3.0, 4.0], [0.0, 0.0], [1e-15, 0.0]])
    assert unit_rows(vectors) == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]]))
    assert vectors[0, 0] == 3.0 and not unit_rows(vectors).flags.writeable and unit_rows(vectors).dtype == np.float32


@quick
@given(
    st.lists(st.sampled_from([0.0, 1.5, -2.0, np.nan, 7.0]), max_size=12)
    | st.lists(st.text("aB", max_size=2), max_size=8),
    st.booleans(),
)
def test_in_order_is_a_stable_sort_with_nan_last(values, descending):
    places = range(len(values))
    known = [i for i in places if values[i] == values[i]]
    lacking = [i for i in places if values[i] != values[i]]
    wanted = sorted(known, key=lambda i: values[i], reverse=False)
    if descending:  # Python's reverse keeps ties in their order
        wanted = sorted(known, key=lambda i: values[i], reverse=True)
    assert in_order(np.array(values), descending).tolist() == wanted + lacking
