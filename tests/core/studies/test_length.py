"""The study of length against oracles of a few lines, and against libraries."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from typer.testing import CliRunner

from core.cli.app import app
from core.errors import SelectionError
from core.matrix import tallies
from core.matrix.statistics import hypergeometric_two_sided
from core.schema import SCOPES, FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select
from core.session.session import open_session
from core.store.places import places, token_places
from core.studies import length as lab
from core.studies.beyond_length import by_relative_gain, expected_counts, in_length_bins
from core.studies.growth import growth, heaps, mean_curve
from core.studies.length import by_theta, correlation, scope_correlations, scope_counts, scope_tokens
from core.studies.length_features import EDGE, KINDS, SHORTEST, decomposition, edge_share, feature_kinds, mark_share
from core.studies.matched_sets import costs, enrichment, length_bins, length_matched
from tests.factories import tiny_store
from tests.strategies import quick


def both_r(x, y):
    """Pearson's and Spearman's r as scipy has them."""
    varies = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return (stats.pearsonr(x, y)[0], stats.spearmanr(x, y)[0]) if varies else (np.nan, np.nan)


seeds = st.integers(0, 10**6)


def random_matrix(rng, n, f=12):
    dense = rng.random((n, f)) < rng.random(f)
    values = np.where(dense, rng.integers(1, 5, (n, f)), 0).astype(np.float32)
    indptr = np.concatenate([[0], dense.sum(1).cumsum()])
    return FeatureMatrix(indptr, np.nonzero(dense)[1], values[dense], f), values


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


# --- places, kinds, growth


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
    assert [scope for scope in SCOPES if ("raw matrix", scope) in session.memory] == ["all"]
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


def test_fault_12_a_features_kind_is_that_of_its_strongest_peaks(tmp_path):
    """Feature 3 fires on 60 samples: strongest on words, weakly on marks, of which the store keeps a fair draw."""
    n, strong = 60, 20
    records = [{"instruction": "q", "output": "word" if i < strong else "!"} for i in range(n)]
    store = open_session(tiny_store(tmp_path, records, [{3: n - i} for i in range(n)])).store
    bins = [(c["bin"], c["pieces"][c["peak"]]) for c in store.contexts(3)]
    assert {piece for place, piece in bins if place == 0} == {"word"}
    assert sum(piece == "!" for _, piece in bins) > strong, "over all contexts most are marks"
    assert mark_share(store, [3]).tolist() == [0]
    assert mark_share(store, [5]).tolist() == [0], "never active"


def test_kinds_follow_their_rule(tiny):
    session = open_session(tiny.store)
    store, theta = session.store, 0.2
    seen, places_ = np.unique(session.matrix("all", theta).feature), token_places(store)
    edge, marks = edge_share(store, places_, seen, theta), mark_share(store, seen)
    peaks = {f: [] for f in seen.tolist()}
    for row in range(store.n_samples):
        segments, found = store.pieces(row)[1], store.sample_features(row)
        for segment, f, value, peak in zip(*(found[n].tolist() for n in found), strict=True):
            own = np.flatnonzero(segments == segment).tolist()
            if value > theta and len(own) >= SHORTEST:
                peaks[f].append(peak in own[:EDGE] + own[-EDGE:])
    assert edge.tolist() == [np.mean(peaks[f]) if peaks[f] else 0 for f in seen.tolist()]
    for f, share in list(zip(seen.tolist(), marks.tolist(), strict=True))[:20]:
        tokens = [c["pieces"][c["peak"]] for c in store.contexts(f) if c["bin"] == 0]
        assert share == pytest.approx(np.mean([not any(map(str.isalnum, t)) for t in tokens]))
    kinds = np.array(feature_kinds(store, places_, seen, theta))
    assert (kinds[edge >= 0.5] == KINDS[0]).all() and set(kinds) <= set(KINDS)
    assert (kinds[(edge < 0.5) & (marks > 0.5)] == KINDS[1]).all()


@quick
@given(seeds, st.integers(1, 70))
def test_growth_is_the_mean_over_the_responses_that_are_long_enough(seed, n):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 12, n)
    peaks = [rng.integers(0, size, 5) if size else np.empty(0, int) for size in lengths]
    sample = np.repeat(np.arange(n), [len(p) for p in peaks])
    place = np.concatenate(peaks).astype(int)
    mean, reached = mean_curve(place, lengths[sample], np.ones(len(place)), lengths)
    for t in range(1, len(mean) + 1):
        long = [i for i in range(n) if lengths[i] >= t]
        assert reached[t - 1] == len(long) >= max(1, min(30, n // 2))
        assert mean[t - 1] == pytest.approx(np.mean([(peaks[i] < t).sum() for i in long]))


@quick
@given(st.floats(0.2, 1.2), st.floats(1, 40), st.integers(3, 400))
def test_heaps_finds_the_curve_it_was_given(beta, K, n):
    assert heaps(K * np.arange(1, n + 1) ** beta) == pytest.approx((K, beta, 1), rel=1e-6)


def test_growth_of_a_store_has_a_curve_for_each_source(tiny):
    store = open_session(tiny.store).store
    curves, columns = growth(store, token_places(store), 0.0), store.sample_columns()
    assert sorted(c.source for c in curves) == ["part0", "part1", "part2"]
    for curve in curves:
        own = [i for i in range(store.n_samples) if columns["source"][i] == curve.source]
        first = [i for i in own if columns["n_response_tokens"][i] >= 1]
        met = 0
        for row in first:
            begin, found = int(np.flatnonzero(store.pieces(row)[1] == 1)[0]), store.sample_features(row)
            met += int(((found["segment"] == 1) & (found["peak"] == begin)).sum())
        assert curve.samples[0] == len(first)
        assert curve.features[0] == pytest.approx(met / len(first))


# --- sets side by side


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


# --- beyond length


def long_samples(seed, n=200, f=300):
    """Samples whose number of features follows their length."""
    rng = np.random.default_rng(seed)
    length = rng.integers(2, 60, n)
    matrix = FeatureMatrix.from_sets([set(rng.integers(0, f, size).tolist()) for size in length], f)
    return matrix, SampleInfo(np.zeros(n, np.int64), length), length


@quick
@given(seeds, st.integers(1, 200), st.integers(1, 12))
def test_each_length_bin_gets_its_share(seed, budget, bins):
    matrix, info, length = long_samples(seed)
    spec = SelectionSpec(budget=budget, pins=(3, 5)[: budget - 1], bans=(8, 9))
    found = in_length_bins(matrix, spec, info, length, bins)
    wanted = min(budget, 198)
    assert len(set(found.rows)) == len(found.rows) == wanted and not {8, 9} & set(found.rows.tolist())
    assert found.rows[: len(spec.pins)].tolist() == list(spec.pins)
    of = length_bins(length, bins)
    per_bin, size = np.bincount(of[found.rows[len(spec.pins) :]], minlength=bins), np.bincount(of)
    if size.min() - 4 > budget / len(size) + 1:
        assert np.ptp(per_bin) <= 1


def test_a_single_bin_is_plain_greedy():
    matrix, info, length = long_samples(4)
    spec = SelectionSpec(budget=20)
    assert in_length_bins(matrix, spec, info, length, 1).rows.tolist() == select(matrix, spec).rows.tolist()
    with pytest.raises(SelectionError, match="budget in samples"):
        in_length_bins(matrix, SelectionSpec(unit="tokens"), info, length)


def test_relative_gain_takes_the_largest_gain_for_its_length():
    matrix, info, length = long_samples(5)
    expected = expected_counts(matrix.counts, length)
    order = np.argsort(length, kind="stable")
    assert (np.diff(expected[order]) >= 0).all() and expected.mean() == pytest.approx(matrix.counts.mean())
    found, covered = by_relative_gain(matrix, SelectionSpec(budget=10), info, length), set()
    for row in found.rows:
        gains = np.array([len(set(matrix.row(i).tolist()) - covered) for i in range(matrix.n_samples)])
        value = gains / expected
        value[found.rows[: found.rows.tolist().index(row)]] = -1
        assert value[row] == pytest.approx(value.max())
        covered |= set(matrix.row(row).tolist())


def test_relative_gain_and_bins_favour_length_less_than_greedy():
    matrix, info, length = long_samples(6)
    spec = SelectionSpec(budget=20)
    plain = length[select(matrix, spec).rows].mean()
    for found in (in_length_bins(matrix, spec, info, length), by_relative_gain(matrix, spec, info, length)):
        assert length[found.rows].mean() < plain


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
    assert sum(found["decomposition"][0][kind] for kind in KINDS) == whole.half
    assert [row["features of"] for row in found["correlation"]] == ["all", "prompt", "response"]
    assert found["correlation"][0]["pearson"]["value"] == pytest.approx(np.corrcoef(tokens, matrix.counts)[0, 1])
    assert [row["samples"] for row in found["sets"]] == [6] * 5
    greedy = select(matrix, SelectionSpec(budget=6, theta=0.2))
    assert {row["name"]: row["covered"] for row in found["beyond"]}["sae-greedy"] == greedy.covered_after[-1]
    shown = CliRunner().invoke(app, [*arguments, "--store", str(tiny.store)])
    assert shown.exit_code == 0 and "Heaps" not in shown.output and "β" in shown.output
