"""Sets of equal lengths: what differs, against scipy; what chance alone gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.matrix.statistics import hypergeometric_two_sided
from core.schema import FeatureMatrix
from core.studies.matched_sets import costs, enrichment, length_bins, length_matched
from tests.factories import random_matrix
from tests.strategies import quick, seeds


@quick
@given(seeds, st.integers(2, 30), st.integers(1, 29))
def test_hypergeometric_two_sided_is_twice_a_tail_of_scipys(seed, total, drawn):
    rng, drawn = np.random.default_rng(seed), min(drawn, total - 1)
    marked = rng.integers(0, total + 1, 20)
    found = np.array([rng.hypergeometric(m, total - m, drawn) for m in marked])
    above, below = stats.hypergeom.sf(found - 1, total, marked, drawn), stats.hypergeom.cdf(found, total, marked, drawn)
    tail = np.where(found * total >= marked * drawn, above, below)
    assert hypergeometric_two_sided(found, marked, drawn, total) == pytest.approx(np.minimum(1, 2 * tail), rel=1e-6)


def test_hypergeometric_two_sided_of_large_sets():
    marked, found = np.array([9000, 40, 20_000, 5]), np.array([1200, 20, 1000, 5])
    tail = np.array([stats.hypergeom.sf(found - 1, 52_000, marked, 5200)[i] for i in (0, 1, 2, 3)])
    tail[2] = stats.hypergeom.cdf(1000, 52_000, 20_000, 5200)
    assert hypergeometric_two_sided(found, marked, 5200, 52_000) == pytest.approx(2 * tail, rel=1e-5, abs=1e-300)


@quick
@given(seeds)
def test_enrichment_counts_what_only_one_set_has(seed):
    rng = np.random.default_rng(seed)
    matrix, values = random_matrix(rng, 60)
    one, two = (rng.choice(60, 20, replace=False) for _ in range(2))
    found, active = enrichment(matrix, one, two), values > 0
    a, b = sorted(set(one) - set(two)), sorted(set(two) - set(one))
    assert (found.n_one, found.n_two) == (len(a), len(b))
    assert found.one.tolist() == active[a].sum(0).tolist() and found.two.tolist() == active[b].sum(0).tolist()
    assert found.only_one.tolist() == np.flatnonzero(active[one].any(0) & ~active[two].any(0)).tolist()
    assert found.only_two.tolist() == np.flatnonzero(active[two].any(0) & ~active[one].any(0)).tolist()
    for f in found.enriched:
        assert found.q[f] <= 0.05 and found.one[f] / len(a) > found.two[f] / len(b)
    for f in found.depleted:
        assert found.q[f] <= 0.05 and found.one[f] / len(a) <= found.two[f] / len(b)


def test_a_planted_difference_is_found_and_chance_is_not():
    rng = np.random.default_rng(3)
    dense = rng.random((400, 200)) < 0.3
    dense[:200, 7] |= rng.random(200) < 0.5
    matrix = FeatureMatrix.from_sets([np.flatnonzero(row).tolist() for row in dense], 200)
    found = enrichment(matrix, np.arange(200), np.arange(200, 400))
    assert found.enriched.tolist() == [7] and not len(found.depleted)


@quick
@given(seeds, st.integers(1, 40), st.integers(1, 6))
def test_matched_samples_have_the_same_lengths_where_there_are_others(seed, k, bins):
    rng = np.random.default_rng(seed)
    length, allowed = rng.integers(1, 30, 60), rng.random(60) < 0.8
    rows = rng.choice(60, k, replace=False)
    found = length_matched(length, rows, allowed, seed, bins)
    free = allowed.copy()
    free[rows] = False
    assert len(set(found)) == len(found) == min(k, free.sum()) and free[found].all()
    of = length_bins(length, bins)
    wanted, others = np.bincount(of[rows], minlength=bins), np.bincount(of[free], minlength=bins)
    if (others >= wanted).all():
        assert np.bincount(of[found], minlength=bins).tolist() == wanted.tolist()
    assert found.tolist() == length_matched(length, rows, allowed, seed, bins).tolist()


def test_costs_at_equal_samples_and_at_equal_tokens():
    matrix = FeatureMatrix.from_sets([{0, 1, 2, 3}, {4}, {5, 6}, {6}], 7)
    tokens = np.array([10, 2, 3, 1])
    one, two = costs(matrix, {"long": np.array([2, 0]), "short": np.array([1, 3])}, tokens, tokens)
    assert (one.tokens, one.covered, one.token_budget, one.samples_in_budget, one.covered_in_budget) == (13, 6, 3, 1, 2)
    assert (two.tokens, two.covered, two.samples_in_budget, two.covered_in_budget) == (3, 2, 2, 2)
    assert one.tokens_a_feature == pytest.approx(13 / 6) and two.mean_length == 1.5
