"""The methods beyond greedy against their definitions, word for word, on small random instances."""

from dataclasses import replace
from itertools import count
from math import log
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from core.errors import SelectionError
from core.matrix.similarity import nearest_rounds
from core.schema import FeatureMatrix, SelectionSpec
from core.selection import clustering
from core.selection.checks import parsed_options
from core.selection.clustering import KRow, allocate, choose_k, clusters, k_curve, silhouette
from core.selection.coverage import reference_weights, resume, unchanged_prefix
from core.selection.inputs import SampleInfo
from core.selection.run import is_nested, select
from tests.oracles import allowed, credit, features, triples
from tests.strategies import F, quick, tasks


def units(info):
    found = np.array(info.vectors(""), np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def free_rows(matrix, spec):
    return [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in spec.pins]


@quick
@given(tasks(), st.sampled_from([0.0, 0.25, 0.5, 0.8, 1.0]))
def test_simscale_against_the_nearest_is_the_definition(task, tau):
    matrix, spec, info = task
    spec = replace(spec, method="sae-simscale", options={"tau": tau, "against": "nearest"})
    sets = [{f for f in s if spec.vetoes.get(f) != "ignore"} for s in features(matrix, spec)]
    order = sorted((i for i in free_rows(matrix, spec) if sets[i]), key=lambda i: (-len(sets[i]), i))
    picks, accepted, number = [(i, 1) for i in spec.pins], list(spec.pins), 1
    while order:
        for i in list(order):
            if all(len(sets[i] & sets[j]) / len(sets[i] | sets[j]) <= tau for j in accepted):
                picks.append((i, number))
                accepted.append(i)
                order.remove(i)
        number, accepted = number + 1, []
    picks += [(i, max(1, number - 1)) for i in free_rows(matrix, spec) if not sets[i]]
    assert [t[:2] for t in triples(select(matrix, spec, info))] == picks[: spec.budget]


def test_the_prefix_filter_misses_no_near_pair():
    rng = np.random.default_rng(0)
    base = [set(rng.choice(60, rng.integers(1, 25), replace=False).tolist()) for _ in range(60)]
    sets = [s ^ set(rng.choice(60, rng.integers(0, 4)).tolist()) for s in base for _ in range(5)]
    matrix, cost = FeatureMatrix.from_sets(sets, 60), np.ones(300, np.int64)
    nobody, skip = np.empty(0, np.int64), np.zeros(60, bool)
    for tau in (0.3, 0.6, 0.75):
        rows, rounds = nearest_rounds(matrix.indptr, matrix.feature, skip, np.arange(300), nobody, cost, 300, tau)
        first = [set(matrix.row(r).tolist()) for r in rows[rounds == 1]]
        assert all(len(a & b) <= tau * len(a | b) for i, a in enumerate(first) for b in first[:i])
        assert 1 < len(first) < 300


@quick
@given(tasks(), st.booleans())
def test_instag_takes_what_adds_a_tag(task, tagged):
    matrix, spec, info = task
    spec = replace(spec, method="instag", options={"tags": "topics"} if tagged else {})
    tags = info.tags("topics")
    sets = [{f for f in s if spec.vetoes.get(f) != "ignore"} for s in features(matrix, spec)]
    sets = [set(tags.row(i).tolist()) for i in range(matrix.n_samples)] if tagged else sets
    order = sorted((i for i in free_rows(matrix, spec) if sets[i]), key=lambda i: (-len(sets[i]), i))
    picks, seen = list(spec.pins), {f for i in spec.pins for f in sets[i]}
    while order:
        for i in list(order):
            if sets[i] - seen:
                picks.append(i)
                seen |= sets[i]
                order.remove(i)
        seen = set()
    picks += [i for i in free_rows(matrix, spec) if not sets[i]]
    assert select(matrix, spec, info).rows.tolist() == picks[: spec.budget]


@quick
@given(tasks(), st.sampled_from([-0.5, 0.3, 0.9]), st.sampled_from(["repr-filter", "deita"]))
def test_the_filter_refuses_what_is_near_to_an_accepted_one(task, limit, method):
    matrix, spec, info = task
    grade, vectors = info.scores["grade"], units(info)
    names = {"complexity": "grade", "quality": "grade"} if method == "deita" else {"score": "grade"}
    spec = replace(spec, method=method, options={**names, "limit": limit})
    order = sorted(free_rows(matrix, spec), key=lambda i: (-grade[i], i))
    picks, accepted = [(i, 1) for i in spec.pins], list(spec.pins)
    for number in count(1):
        for i in list(order):
            if all(vectors[i] @ vectors[j] <= limit for j in accepted):
                picks.append((i, number))
                accepted.append(i)
                order.remove(i)
        accepted = []
        if not order:
            break
    assert [t[:2] for t in triples(select(matrix, spec, info))] == picks[: spec.budget]


@quick
@given(tasks())
def test_k_center_takes_the_farthest(task):
    matrix, spec, info = task
    vectors, left = units(info), free_rows(matrix, spec)
    got = select(matrix, replace(spec, method="k-center"), info).rows.tolist()
    picks = list(spec.pins)
    if not picks:
        middle = vectors[[i for i, ok in enumerate(allowed(matrix, spec)) if ok]].mean(0)
        assert np.isclose(vectors[got[0]] @ middle, max(vectors[i] @ middle for i in left), atol=1e-6)
        picks = got[:1]
    for row in got[len(picks) :]:
        far = {i: min(1 - vectors[i] @ vectors[j] for j in picks) for i in left if i not in picks}
        assert far[row] >= max(far.values()) - 1e-6
        picks.append(row)


@quick
@given(tasks(), st.sampled_from([0.0, 0.3, 1.0]))
def test_qdit_takes_the_best_of_quality_and_facility_location(task, alpha):
    matrix, spec, info = task
    spec = replace(spec, method="qdit", options={"alpha": alpha})
    vectors, left, n = units(info), free_rows(matrix, spec), matrix.n_samples
    grade = info.scores["grade"]
    low, high = min((grade[i] for i in left), default=0), max((grade[i] for i in left), default=0)
    quality = {i: (grade[i] - low) / (high - low) if high > low else 0.0 for i in left}

    def location(rows):
        return sum(max([0.0, *(float(vectors[i] @ vectors[j]) for j in rows)]) for i in range(n)) / n

    picks = list(spec.pins)
    for row in select(matrix, spec, info).rows.tolist()[len(picks) :]:
        worth = {
            i: alpha * quality[i] + (1 - alpha) * (location([*picks, i]) - location(picks))
            for i in left
            if i not in picks
        }
        assert worth[row] >= max(worth.values()) - 1e-6
        picks.append(row)


@quick
@given(tasks(weights=("uniform", "mass")))
def test_a_quality_column_multiplies_the_gains(task):
    matrix, spec, info = task
    spec = replace(spec, options={"quality": "grade"}, pins=())
    sets, weight, times = features(matrix, spec), credit(matrix, spec), [0] * F
    got, left = select(matrix, spec, info), free_rows(matrix, spec)
    for row, number in zip(got.rows.tolist(), got.round.tolist(), strict=True):
        if number > 1:
            break
        gain = {i: sum(weight[f] for f in sets[i] if times[f] < spec.multiplicity) for i in left}
        best = max(gain[i] * info.scores["grade"][i] for i in left)
        assert np.isclose(gain[row] * info.scores["grade"][row], best)
        left.remove(row)
        times = [t + (f in sets[row]) for f, t in enumerate(times)]


@quick
@given(tasks())
def test_reference_guided_covers_what_the_reference_has_more_of(task):
    matrix, spec, info = task
    spec = replace(spec, method="reference-guided", options={"reference": "other"}, pins=(), vetoes={})
    spec = replace(spec, multiplicity=1)
    got, sets = select(matrix, spec, info), features(matrix, spec)
    share = [sum(f in s for s in sets) / len(sets) for f in range(F)]
    covered, left = set(), free_rows(matrix, spec)
    for row, gain in zip(got.rows[got.round == 1].tolist(), got.gains, strict=False):
        worth = {i: sum(1 - share[f] for f in sets[i] if f not in covered) for i in left}
        assert np.isclose(gain, worth[row])
        assert np.isclose(gain, max(worth.values()))
        covered |= set(sets[row])
        left.remove(row)
    same = FeatureMatrix.from_sets([{0}], 2)
    assert reference_weights(FeatureMatrix.from_sets([{0}, {1}], 2), same).tolist() == [0.5, 0.0]
    with pytest.raises(SelectionError, match="activates no feature more often"):
        reference_weights(same, same)
    with pytest.raises(SelectionError, match="has 2 features and the data 12"):
        reference_weights(matrix, same)


# --- clusters


@quick
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6), st.integers(0, 60))
def test_places_are_given_out_by_largest_remainder(clusters_, total):
    share, extra = (np.array(c) for c in zip(*clusters_, strict=True))
    most = share + extra
    quota = allocate(share, most, total)
    assert (quota <= most).all()
    assert quota.sum() == min(total, most[share > 0].sum())
    if total <= share.sum() and share.sum():
        assert (np.abs(quota - total * share / share.sum()) < 1).all()


def test_the_places_of_full_clusters_go_to_the_others():
    assert allocate(np.array([5, 3, 2]), np.array([5, 3, 2]), 5).tolist() == [3, 1, 1]
    assert allocate(np.array([1, 1]), np.array([1, 9]), 6).tolist() == [1, 5]


def blobs(n=90, centres=3, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.repeat(np.eye(d)[:centres], n // centres, 0) + rng.normal(size=(n, d)) * 0.05


def info_with(vectors, **scores):
    one = np.ones(len(vectors), int)
    return SampleInfo(one, one, scores, lambda _: vectors)


def test_every_cluster_gets_its_share_and_the_closest_come_first():
    vectors, matrix = blobs(), FeatureMatrix.from_sets([{0}] * 90, 1)
    for method in ("kmeans-random", "kmeans-closest"):
        got = select(matrix, SelectionSpec(method, 9, options={"k": 3}), info_with(vectors))
        assert sorted(got.rows // 30) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        assert sorted(got.rows[:3] // 30) == [0, 1, 2]
    found = got.details["clusters"]
    for c in range(3):
        of_c = np.flatnonzero(found.label == c)
        best = of_c[np.argsort(found.distance[of_c])][:3]
        assert set(best) == set(got.rows[found.label[got.rows] == c])
    fewer = SelectionSpec("kmeans-random", 60, options={"k": 3}, bans=tuple(range(25)))
    assert np.bincount(select(matrix, fewer, info_with(vectors)).rows // 30).tolist() == [4, 28, 28]  # 4.6, 27.7, 27.7
    even = SelectionSpec("kmeans-random", 60, options={"k": 3, "allocation": "uniform"}, bans=tuple(range(25)))
    assert np.bincount(select(matrix, even, info_with(vectors)).rows // 30)[0] == 5


def test_kmq_draws_by_quality():
    vectors, matrix = np.ones((4, 2)), FeatureMatrix.from_sets([{0}] * 4, 1)
    info = info_with(vectors, grade=np.array([0.0, 1.0, 2.0, 5.0]))
    first = [select(matrix, SelectionSpec("kmq", 1, seed=s, options={"k": 1}), info).rows[0] for s in range(2000)]
    share = np.bincount(first, minlength=4) / 2000
    assert np.abs(share - np.array([0, 1, 2, 5]) / 8).max() < 0.04
    assert select(matrix, SelectionSpec("kmq", 4, options={"k": 1}), info).rows[-1] == 0
    with pytest.raises(SelectionError, match=r"row 0 has -1, and kmq needs ≥ 0"):
        select(matrix, SelectionSpec("kmq", 1), info_with(vectors, grade=np.array([-1.0, 1, 1, 1])))


def test_the_number_of_clusters_is_found_and_its_curve_kept():
    vectors = blobs(120, 4).astype(np.float32)
    curve = k_curve(vectors, 0)
    assert [row.k for row in curve] == [2, 4, 8, 16, 32]
    assert choose_k(curve, "silhouette") == 4
    found = clusters(vectors, "silhouette", 0)
    assert (found.k, found.curve) == (4, curve)
    assert clusters(vectors, 0, 0).k == 11
    with pytest.raises(SelectionError, match="k = 121 clusters are more than the 120 different vectors"):
        clusters(vectors, 121, 0)


def test_fault_9_the_elbow_is_farthest_below_the_chord_of_log_inertia_against_log_k():
    rng = np.random.default_rng(0)
    for _ in range(50):
        ks = [2, 4, 8, 16, 32, 64]
        inertia = np.sort(rng.lognormal(0, 2, len(ks)))[::-1]
        points = [(log(k), log(i)) for k, i in zip(ks, inertia, strict=True)]
        (x0, y0), (x1, y1) = points[0], points[-1]
        below = [y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y for x, y in points]
        curve = tuple(KRow(k, 0.0, float(i)) for k, i in zip(ks, inertia, strict=True))
        assert choose_k(curve, "elbow") == ks[below.index(max(below))]
    falls = (1024.0, 256.0, 64.0, 16.0, 15.0, 14.0)  # a power law until 16, then flat; raw inertia bends at 8
    assert choose_k(tuple(KRow(k, 0.0, i) for k, i in zip(ks, falls, strict=True)), "elbow") == 16
    assert choose_k((KRow(2, 0, 4.0), KRow(4, 0, 0.0), KRow(8, 0, 0.0)), "elbow") == 4


def test_fault_9_a_sample_of_one_label_has_no_silhouette(monkeypatch):
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 10)
    vectors = np.vstack([np.tile([1.0, 0.0], (99, 1)), [[-1.0, 0.0]]]).astype(np.float32)  # one far outlier
    label = np.array([0] * 99 + [1])
    scores = [silhouette(vectors, label, seed) for seed in range(20)]
    drawn = [99 in np.random.RandomState(seed).permutation(100)[:10] for seed in range(20)]
    assert any(drawn) and not all(drawn)
    assert scores == [pytest.approx(0.9) if one else 0.0 for one in drawn]  # the outlier, alone, counts 0


def test_the_silhouette_is_that_of_sklearn_where_it_is_defined(monkeypatch):
    vectors = blobs(90, 3, seed=5)
    label = np.arange(90) // 30
    assert silhouette(vectors, label, 0) == pytest.approx(silhouette_score(vectors, label))
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 40)
    wanted = silhouette_score(vectors, label, sample_size=40, random_state=7)
    assert silhouette(vectors, label, 7) == pytest.approx(wanted)


@pytest.mark.parametrize("method", ["kmeans-random", "kmeans-closest", "kmq"])
def test_fault_9_uniform_allocation_counts_tokens_where_the_budget_does(method):
    vectors, matrix = np.repeat(np.eye(2), [90, 10], 0), FeatureMatrix.from_sets([{0}] * 100, 1)
    tokens = np.repeat([5, 20], [90, 10])
    info = SampleInfo(tokens, tokens * 0, {"grade": np.ones(100)}, lambda _: vectors)

    def spent(allocation, budget):
        options = {"k": 2, "allocation": allocation}
        got = select(matrix, SelectionSpec(method, budget, "tokens", options=options), info)
        return [int(tokens[got.rows[got.rows < 90]].sum()), int(tokens[got.rows[got.rows >= 90]].sum())]

    assert spent("uniform", 200) == [100, 100]
    assert spent("proportional", 130) == [90, 40]  # 450 and 200 tokens: shares of 90 and 40
    assert spent("uniform", 500) == [300, 200], "what a cluster cannot use goes to the other"


def test_fault_22_clusters_are_kept_by_whoever_asks_not_by_the_process():
    vectors, matrix, kept = blobs(), FeatureMatrix.from_sets([{0}] * 90, 1), {}
    info = replace(info_with(vectors), remember=lambda key, compute: kept.setdefault(key, compute()))
    for k in (3, 4):
        select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": k}), info)
    assert set(kept) == {("unit vectors", "residual")} | {("clusters", "residual", k, 0) for k in (3, 4)}
    plain = select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": 3}), info_with(vectors))
    again = select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": 3}), info)
    assert again.rows.tolist() == plain.rows.tolist()


# --- a run of refinement


def refined_info(rows, label, weight, tokens=None):
    run = SimpleNamespace(rows=np.array(rows), label=np.array(label, np.int32), weight=np.array(weight))
    one = np.ones(len(label), int) if tokens is None else np.array(tokens)
    return SampleInfo(one, one * 0, refined=lambda _: run)


def test_fault_17_a_smaller_budget_follows_the_last_weights_not_the_first_rounds():
    label = [0] * 8 + [1] * 8
    drawn = [0, 8, 1, 9, 2, 10, 11, 12, 13, 14]  # the later rounds drew in cluster 1, whose weight had grown
    matrix, info = FeatureMatrix.from_sets([{0}] * 16, 1), refined_info(drawn, label, [0.2, 0.8])

    def picks(budget, **decisions):
        return select(matrix, SelectionSpec("kmq-iterative", budget, **decisions), info).rows.tolist()

    assert picks(10) == drawn, "the whole run, in its order"
    for budget in range(1, 10):
        got = picks(budget)
        most = np.array([3, 7])
        assert (
            np.bincount(np.array(label)[got], minlength=2).tolist()
            == allocate(np.array([0.2, 0.8]), most, budget).tolist()
        )
        for c in (0, 1):
            mine = [row for row in got if label[row] == c]
            assert mine == [row for row in drawn if label[row] == c][: len(mine)], "inside a cluster as they came"
    assert np.bincount(np.array(label)[picks(5)]).tolist() == [1, 4], "the first five of the run would be 3 and 2"
    assert sorted(picks(9, bans=(0,))) == sorted(set(drawn) - {0})
    assert picks(3, pins=(15,))[0] == 15
    assert not is_nested(SelectionSpec("kmq-iterative", 5))
    with pytest.raises(SelectionError, match="has drawn 10 samples, not 11: refine with a larger budget"):
        picks(11)


def test_fault_17_a_smaller_budget_of_tokens_follows_the_last_weights_too():
    tokens = [10, 10, 10, 10, 5, 5, 5, 5, 5, 5]
    label = [0] * 4 + [1] * 6
    info = refined_info(range(10), label, [0.25, 0.75], tokens)
    matrix = FeatureMatrix.from_sets([{0}] * 10, 1)
    got = select(matrix, SelectionSpec("kmq-iterative", 40, "tokens"), info).rows
    assert np.bincount(np.array(label)[got], np.array(tokens)[got]).tolist() == [10, 30]


def test_fault_17_places_that_a_cluster_cannot_use_bring_new_features():
    sets = [{0, 1}, set(), set(), {0, 1, 4}, {2}, {3}, {0, 1, 4}]  # cluster 0 has three places and one row that gains
    matrix, info = FeatureMatrix.from_sets(sets, 5), refined_info(range(7), [0, 0, 0, 1, 1, 1, 1], [0.75, 0.25])
    got = select(matrix, SelectionSpec("hybrid", 4), info)
    assert got.details["quota"].tolist() == [3, 1]
    assert got.rows.tolist() == [3, 0, 4, 5], "what is left over brings new features, not row 6 again"
    assert got.covered_after.tolist() == [3, 3, 4, 5] and got.round.tolist() == [1, 2, 2, 2]


def test_errors_about_columns_and_vectors():
    matrix, spec = FeatureMatrix.from_sets([{0}] * 3, 1), SelectionSpec("quality", 2)
    column = np.array([1.0, np.nan, 2.0])
    with pytest.raises(SelectionError, match=r"'a' cannot be used for 1 sample: row 1 has nan\. Ban such rows"):
        select(matrix, spec, info_with(np.ones((3, 2)), a=column))
    assert select(matrix, replace(spec, bans=(1,)), info_with(np.ones((3, 2)), a=column)).rows.tolist() == [2, 0]
    two = info_with(np.ones((3, 2)), a=np.ones(3), b=np.arange(3.0))
    with pytest.raises(SelectionError, match="set the option score; the columns are a, b"):
        select(matrix, spec, two)
    with pytest.raises(SelectionError, match="There is no score column 'c' for quality: the columns are a, b"):
        select(matrix, replace(spec, options={"score": "c"}), two)
    assert select(matrix, replace(spec, options={"score": "b", "first": "lowest"}), two).rows.tolist() == [0, 1]
    short = replace(two, vectors=lambda _: np.ones((2, 2)))
    with pytest.raises(SelectionError, match=r"must be of shape \(3, d\), got \(2, 2\)"):
        select(matrix, SelectionSpec("k-center", 2), short)
    with pytest.raises(SelectionError, match="The vector of row 2 holds a value that is not finite"):
        select(matrix, SelectionSpec("k-center", 2), info_with(np.array([[1.0], [1.0], [np.inf]])))


def test_options_as_typed():
    assert parsed_options("kmq", {"k": "7", "score": "grade"}) == {"k": 7, "score": "grade"}
    assert parsed_options("sae-simscale", {"tau": "0.5", "against": "nearest"}) == {"tau": 0.5, "against": "nearest"}
    with pytest.raises(SelectionError, match="The option k of kmq"):
        parsed_options("kmq", {"k": "many"})


# --- going on from an earlier selection


@quick
@given(tasks(weights=("uniform",)), st.data())
def test_going_on_equals_a_full_run(task, data):
    matrix, spec, info = task
    before = select(matrix, spec, info)
    free = free_rows(matrix, spec)
    bans = (*spec.bans, *data.draw(st.sets(st.sampled_from(free), max_size=2))) if free else spec.bans
    more = data.draw(st.dictionaries(st.integers(0, F - 1), st.sampled_from(["ignore", "block"]), max_size=2))
    after = replace(spec, bans=bans, vetoes={**spec.vetoes, **more}, budget=data.draw(st.integers(1, matrix.n_samples)))
    if data.draw(st.booleans()):
        after = replace(after, vetoes={}, pins=())
    try:
        full = select(matrix, after, info)
    except SelectionError:
        assume(False)
    at = matrix.at(spec.theta)
    assert triples(resume(before, at, after)) == triples(full)
    k = unchanged_prefix(before, at, after)
    assert before.rows[:k].tolist() == full.rows[:k].tolist()


def test_a_late_veto_keeps_what_came_before_it():
    matrix = FeatureMatrix.from_sets([{0, 1, 2}, {3, 4}, {5}, {5, 6}], 7)
    before = select(matrix, SelectionSpec(budget=4))
    assert before.rows.tolist() == [0, 1, 3, 2]
    assert unchanged_prefix(before, matrix, SelectionSpec(budget=4, vetoes={6: "ignore"})) == 2
    assert resume(before, matrix, SelectionSpec(budget=4, vetoes={6: "ignore"})).rows.tolist() == [0, 1, 2, 3]
    assert unchanged_prefix(before, matrix, SelectionSpec(budget=4, pins=(2,))) == 0
