"""The study of length against oracles of a few lines, and against libraries."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats
from typer.testing import CliRunner

from core.cli.app import app
from core.features.kinds import known_kinds
from core.matrix import tallies
from core.schema import KINDS, MEANING, SCOPES, FeatureMatrix, SelectionSpec
from core.selection.run import select
from core.session.session import open_session
from core.store.places import places
from core.studies import length as lab
from core.studies.length import by_theta, controlled, correlation, scope_correlations, scope_counts, scope_tokens
from core.studies.length_features import decomposition
from tests.factories import random_matrix
from tests.strategies import quick, seeds


def both_r(x, y):
    """Pearson's and Spearman's r as scipy has them."""
    varies = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return (stats.pearsonr(x, y)[0], stats.spearmanr(x, y)[0]) if varies else (np.nan, np.nan)


@quick
@given(seeds, st.integers(1, 20))
def test_counts_above_every_theta_in_one_pass(seed, n):
    matrix, values = random_matrix(np.random.default_rng(seed), n)
    thetas = np.array([0.0, 1 - 1e-12, 1.0, 1 + 1e-12, 2.5, 4.0])
    found = tallies.counts_above(matrix.indptr, matrix.value, thetas)
    assert found.tolist() == [(values > theta).sum(1).tolist() for theta in thetas]


@quick
@given(seeds, st.integers(2, 40))
def test_shares_of_the_decomposition_sum_to_one(seed, n):
    rng = np.random.default_rng(seed)
    matrix, values = random_matrix(rng, n)
    tokens, active = rng.integers(0, 50, n), values > 0
    found = decomposition(matrix, tokens)
    whole = np.cov(tokens, active.sum(1), bias=True)[0, 1]
    assert found.covariance == pytest.approx(whole, abs=1e-9)
    if abs(whole) > 1e-6:
        parts = [np.cov(tokens, active[:, f], bias=True)[0, 1] for f in range(active.shape[1])]
        assert found.share.sum() == pytest.approx(1)
        assert found.share * whole == pytest.approx(np.array(parts), abs=1e-9)
    for f in found.order:
        assert found.density[f] == active[:, f].mean() > 0
        assert found.with_it[f] == pytest.approx(tokens[active[:, f]].mean())
        rest = tokens[~active[:, f]]
        assert np.isnan(found.without[f]) if len(rest) == 0 else found.without[f] == pytest.approx(rest.mean())
    if whole > 1e-6:
        rising = np.cumsum(found.share[found.order])
        assert rising[found.half - 1] >= 0.5 - 1e-9
        assert found.half == 1 or rising[found.half - 2] < 0.5 + 1e-9


@quick
@given(seeds, st.integers(8, 40))
def test_samples_without_a_number_are_left_out(seed, n):
    rng = np.random.default_rng(seed)
    matrix, values = random_matrix(rng, n)
    score, known = rng.normal(size=n), rng.permutation(n) > n // 3
    score[~known] = np.nan
    some, active = FeatureMatrix.from_scipy(sparse.csr_matrix(values[known])), values > 0
    one, two = decomposition(matrix, score), decomposition(some, score[known])
    assert sorted(one.order) == sorted(two.order)
    for name in ("covariance", "share", "density", "with_it", "without"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-6, err_msg=name)
    r = correlation(score, active.sum(1), resamples=5), correlation(score[known], active[known].sum(1), resamples=5)
    np.testing.assert_equal(asdict(r[0]), asdict(r[1]))
    rows = (by_theta(m, x, [0.0], [0.0])[0] for m, x in ((matrix, score), (some, score[known])))
    np.testing.assert_equal(vars(next(rows)), vars(next(rows)))


@quick
@given(seeds, st.integers(6, 40))
def test_r_with_length_held_is_that_of_the_residuals(seed, n):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, 50, n)
    score, counts = rng.normal(size=n) + tokens / 20, tokens + rng.integers(0, 30, n)
    left = [y - np.polyval(np.polyfit(tokens, y, 1), tokens) for y in (score, counts)]
    found = controlled(score, counts, tokens)
    if np.ptp(tokens) and np.ptp(counts):
        assert found.value == pytest.approx(stats.pearsonr(*left)[0], abs=1e-6)
        assert found.low <= found.value <= found.high


def test_r_agrees_with_scipy_and_its_interval_with_scipys_bootstrap():
    rng = np.random.default_rng(1)
    tokens = rng.integers(5, 200, 400)
    counts = tokens + rng.integers(0, 120, 400)
    found = correlation(tokens, counts, resamples=2000)
    for interval, test in ((found.pearson, stats.pearsonr), (found.spearman, stats.spearmanr)):
        assert interval.value == pytest.approx(test(tokens, counts)[0])
        reference = stats.bootstrap(
            (tokens, counts), lambda x, y, test=test: test(x, y)[0], paired=True, vectorized=False, method="percentile",
            n_resamples=2000, random_state=0,
        ).confidence_interval  # fmt: skip
        assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), abs=0.006)
        assert interval.low < interval.value < interval.high
    assert correlation(tokens, counts) == correlation(tokens, counts)


def test_a_resample_of_fewer_gives_an_interval_of_the_same_width(monkeypatch):
    rng = np.random.default_rng(2)
    tokens = rng.lognormal(4, 0.6, 8000).astype(int)
    counts = (tokens * rng.lognormal(0, 0.4, 8000)).astype(int)
    whole = correlation(tokens, counts)
    monkeypatch.setattr(lab, "MOST_DRAWN", 2000)
    part = correlation(tokens, counts)
    for one, two in ((whole.pearson, part.pearson), (whole.spearman, part.spearman)):
        assert two.value == one.value
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.2)


@quick
@given(seeds, st.integers(1, 30))
def test_resamples_rank_anew(seed, size):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 25), rng.integers(0, 6, 25)
    (xv, xc), (yv, yc) = (np.unique(v, return_inverse=True) for v in (x, y))
    codes = xv.astype(float), xc.astype(np.int32), yv.astype(float), yc.astype(np.int32)
    found = tallies.resampled_r(np.random.default_rng(seed), *codes, size, 3)
    draw = np.random.default_rng(seed)
    for row in found:
        at = (draw.random(size) * 25).astype(int)
        assert row == pytest.approx(both_r(x[at], y[at]), nan_ok=True, abs=1e-9)


def test_r_of_what_does_not_vary_is_nan():
    found = correlation(np.ones(5, int), np.arange(5))
    assert np.isnan([found.pearson.value, found.pearson.low, found.spearman.high]).all() and found.n == 5


@quick
@given(seeds)
def test_r_by_theta_is_that_of_the_matrix_at_theta(seed):
    rng = np.random.default_rng(seed)
    matrix, _ = random_matrix(rng, 30)
    tokens, thetas = rng.integers(1, 9, 30), [0.0, 1.0, 2.0, 3.0]
    for row in by_theta(matrix, tokens, [0, 0.25, 0.5, 0.75], thetas):
        counts = matrix.at(row.theta).counts
        assert row.mean_active == pytest.approx(counts.mean())
        assert (row.pearson, row.spearman) == pytest.approx(both_r(tokens, counts), nan_ok=True)


# --- places, kinds


@quick
@given(st.lists(st.lists(st.integers(-1, 2), max_size=12), min_size=1, max_size=6))
def test_places_count_the_tokens_of_the_same_segment_before(samples):
    start = np.concatenate([[0], np.cumsum([len(s) for s in samples])])
    found = places(np.array([t for s in samples for t in s], np.int8), start)
    for i, segments in enumerate(samples):
        for token, segment in enumerate(segments):
            place, length = found.of(np.array([i]), np.array([token]))
            inside = segment >= 0
            assert place[0] == (segments[:token].count(segment) if inside else -1)
            assert length[0] == (segments.count(segment) if inside else 0)


def test_counts_of_a_scope_need_no_matrix(tiny):
    session = open_session(tiny.store)
    counted = scope_counts(session, 0.2)
    assert list(counted) == list(SCOPES)
    assert [scope for scope in SCOPES if ("raw matrix", "tokens", scope) in session.memory] == ["all"]
    for scope, counts in counted.items():
        assert counts.any() and counts.tolist() == session.matrix(scope, 0.2).counts.tolist()
    tokens = {scope: scope_tokens(session.store, scope) for scope in ("all", "prompt", "response")}
    together = scope_correlations(open_session(tiny.store), 0.2, seed=3)
    assert repr(together) == repr(
        {scope: correlation(tokens[scope], session.matrix(scope, 0.2).counts, seed=3) for scope in tokens}
    )
    assert (tokens["all"] >= tokens["prompt"] + tokens["response"]).all()
    segments = [session.store.pieces(row)[1] for row in range(session.store.n_samples)]
    assert tokens["all"].tolist() == [int((s >= 0).sum()) for s in segments]


# --- the command


def test_the_command_gives_what_the_functions_give(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    arguments = ["length", "--store", str(tiny.store), "--theta", "0.2", "--budget", "6"]
    done = CliRunner().invoke(app, [*arguments, "--top", "4", "--json"])
    assert done.exit_code == 0, done.output
    found, session = json.loads(done.stdout)[tiny.store.stem], open_session(tiny.store)
    matrix, tokens = session.matrix("all", 0.2), scope_tokens(session.store, "all")
    whole = decomposition(matrix, tokens)
    assert [row["feature"] for row in found["features"]] == whole.order[:4].tolist()
    assert found["decomposition"][0]["carry half"] == whole.half
    kinds, listed = known_kinds(session.store), {row["kind"]: row for row in found["kinds"]}
    for column, features in (("active", whole.order.tolist()), ("carry half", whole.order[: whole.half].tolist())):
        number = {kind: sum(kinds[f] == kind for f in features) for kind in KINDS}
        assert {kind: listed[kind][column] for kind in KINDS} == number
        assert listed["content"][column] == sum(number[kind] for kind in MEANING)
    assert [row["kind"] for row in found["features"]] == [kinds[row["feature"]] for row in found["features"]]
    assert [row["features of"] for row in found["correlation"]] == ["all", "prompt", "response"]
    assert found["correlation"][0]["pearson"]["value"] == pytest.approx(np.corrcoef(tokens, matrix.counts)[0, 1])
    assert [row["samples"] for row in found["sets"]] == [6] * 5
    greedy = select(matrix, SelectionSpec(budget=6, theta=0.2))
    assert {row["name"]: row["covered"] for row in found["beyond"]}["sae-greedy"] == greedy.covered_after[-1]
    shown = CliRunner().invoke(app, [*arguments, "--store", str(tiny.store)])
    assert shown.exit_code == 0 and "Heaps" not in shown.output and "β" in shown.output
