"""The arithmetic of a prediction against its definitions, word for word, and scipy."""

import statistics
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from core.proof.prediction import Agreement, agreement, agreements, by_length, predicts, shift

seeds = st.integers(0, 10**6)


def sign(x):
    return (x > 0) - (x < 0)


def brute_shift(one, other):
    found = []
    for f in range(one.shape[1]):
        differences = [float(a) - float(b) for a, b in zip(one[:, f], other[:, f], strict=True)]
        mean, spread = statistics.fmean(differences), statistics.stdev(differences)
        d = mean / spread if spread > 0 else 0
        signs = [sign(sum(differences[start::2])) for start in (0, 1)]
        found.append((mean, d, d * len(differences) ** 0.5, signs[0] == signs[1] != 0))
    return found


@given(st.integers(2, 9), st.integers(1, 6), seeds)
def test_a_shift_is_that_of_its_definition(n, f, seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, 4, (n, f)) / 4 for _ in range(2))  # quarters: sums are exact
    found = shift(one.astype(np.float32), other.astype(np.float32))
    for i, (delta, d, z, steady) in enumerate(brute_shift(one, other)):
        assert (found.delta[i], found.d[i], found.z[i]) == pytest.approx((delta, d, z))
        assert found.steady[i] == steady


@given(st.integers(3, 12), seeds)
def test_z_is_the_t_of_a_paired_t_test(n, seed):
    one, other = np.random.default_rng(seed).normal(size=(2, n, 4))
    assert shift(one, other).z == pytest.approx(scipy.stats.ttest_rel(one, other).statistic)


@given(st.integers(2, 12), st.integers(1, 5), st.floats(-2, 2), seeds)
def test_what_length_alone_would_do_is_a_slope_times_the_change(n, f, change, seed):
    rng = np.random.default_rng(seed)
    tokens, values = rng.integers(1, 9, n), rng.normal(size=(n, f))
    found = by_length(values, tokens, change)
    for i in range(f):
        varies = len(set(tokens.tolist())) > 1
        slope = scipy.stats.linregress(np.log(tokens), values[:, i]).slope if varies else 0
        assert found[i] == pytest.approx(slope * change)


@given(st.integers(3, 40), seeds)
def test_the_fit_is_that_of_scipy(f, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 5, f).astype(float), rng.normal(size=f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rho, r = scipy.stats.spearmanr(x, y).statistic, scipy.stats.pearsonr(x, y).statistic
    found = agreement(x, y)
    assert (found.spearman, found.r2) == pytest.approx((rho, r**2), nan_ok=True)


@settings(max_examples=20)
@given(st.integers(2, 6), st.integers(2, 6), st.integers(4, 20), seeds)
def test_leads_and_their_intervals_are_those_of_resampled_prompts(n, p, f, seed):
    rng = np.random.default_rng(seed)
    own, rival, after, fixed = (rng.normal(size=s) for s in ((n, f), (p, f), (p, f), (f,)))
    best, found = agreements(own, {"random": rival, "length": fixed}, after, seed, draws=7)
    again, leads = np.random.default_rng(seed), []
    for _ in range(7):
        y, x, z = (m[again.integers(len(m), size=len(m))].mean(0) for m in (after, own, rival))
        rho = [scipy.stats.spearmanr(each, y).statistic for each in (x, z, fixed)]
        leads.append((rho[0] - rho[1], rho[0] - rho[2]))
    for k, (name, plain) in enumerate({"random": rival.mean(0), "length": fixed}.items()):
        rho = scipy.stats.spearmanr(plain, after.mean(0)).statistic
        assert found[name].spearman == pytest.approx(rho)
        assert found[name].lead == pytest.approx(best.spearman - rho)
        ends = np.quantile([pair[k] for pair in leads], [0.025, 0.975])
        assert (found[name].low, found[name].high) == pytest.approx(tuple(ends))
    assert np.isnan(best.low) and predicts(found) == all(one.low > 0 for one in found.values())


def test_a_shift_that_comes_true_is_found_and_one_that_does_not_is_not():
    rng = np.random.default_rng(0)
    truth, n = rng.normal(size=200), 60
    before, other, after = (some + rng.normal(size=(n, 200)) for some in (truth, 0 * truth, truth / 4))
    best, found = agreements(before, {"random": other, "length": rng.normal(size=200)}, after, draws=100)
    assert best.spearman > 0.7 and predicts(found)
    _, found = agreements(other, {"random": before}, after, draws=100)
    assert not predicts(found) and found["random"].high < 0
    assert not predicts({}) and not predicts({"random": Agreement(0.1, 0.1)})
