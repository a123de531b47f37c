"""The methods beyond greedy against their definitions, word for word, on small random instances."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.matrix.similarity import nearest_rounds
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.checks import parsed_options
from core.selection.coverage import reference_weights, resume, unchanged_prefix
from core.selection.run import select
from tests.factories import info_with
from tests.oracles import allowed, credit, features, triples, without_credit
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
    sets = [set(s) - without_credit(matrix, spec) for s in features(matrix, spec)]
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
    sets = [set(s) - without_credit(matrix, spec) for s in features(matrix, spec)]
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
    quality = {i: sum(grade < grade[i]) / max(n - 1, 1) for i in left}  # by rank; no two grades are equal

    def location(rows):
        return sum(max([0.0, *(float(vectors[i] @ vectors[j]) for j in rows)]) for i in range(n))

    picks = list(spec.pins)
    for row in select(matrix, spec, info).rows.tolist()[len(picks) :]:
        worth = {
            i: alpha * quality[i] + (1 - alpha) * (location([*picks, i]) - location(picks))
            for i in left
            if i not in picks
        }
        assert worth[row] >= max(worth.values()) - 1e-5
        picks.append(row)


def test_scores_are_ranked_before_they_are_put_together():
    rng, matrix = np.random.default_rng(0), FeatureMatrix.from_sets([{0}] * 40, 1)
    vectors, few, many = rng.normal(size=(40, 3)), rng.normal(size=40), np.exp(rng.normal(size=40) * 9)
    info, spec = info_with(vectors, few=few, many=many), SelectionSpec("deita", 40, options={"limit": 1})
    both = replace(spec, options={"complexity": "few", "quality": "many", "limit": 1})
    place = [np.argsort(np.argsort(scores)) for scores in (few, many)]
    assert select(matrix, both, info).rows.tolist() == np.argsort(-place[0] * place[1], kind="stable").tolist()
    qdit = select(matrix, replace(spec, method="qdit", options={"score": "many"}), info).rows.tolist()
    quality = select(matrix, replace(spec, method="quality", options={"score": "many"}), info).rows.tolist()
    assert set(qdit[:10]) != set(quality[:10])
    times = info_with(vectors, few=few, many=many * 1e6 - 3)
    assert select(matrix, replace(spec, method="qdit", options={"score": "many"}), times).rows.tolist() == qdit


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
    assume((matrix.density() < 1).any())  # else the reference has no feature more often
    spec = replace(spec, method="reference-guided", options={"reference": "other"}, pins=(), vetoes={})
    spec = replace(spec, multiplicity=1)
    got, sets, skip = select(matrix, spec, info), features(matrix, spec), without_credit(matrix, spec)
    share = [sum(f in s for s in sets) / len(sets) for f in range(F)]
    covered, left = set(), free_rows(matrix, spec)
    for row, gain in zip(got.rows[got.round == 1].tolist(), got.gains, strict=False):
        new = {i: set(sets[i]) - covered - skip for i in left}
        worth = {i: sum((1 - share[f]) * spec.boosts.get(f, 1) for f in new[i]) for i in left}
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
