"""Every method within quotas: nobody passes a bound, greedy is its definition and at least half of the best."""

import re
from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import SelectionError
from core.explain.certificates import certificate
from core.explain.rejects import reasons
from core.schema import FeatureMatrix, SelectionSpec
from core.selection import within
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from core.selection.specs import spec_dict, spec_from
from tests.oracles import allowed, cost, credit, features, triples
from tests.strategies import OPTIONS, F, quick, rich_info, tasks

quotas = st.lists(
    st.sampled_from([
        "source:code<=1", "source:*<=40%", "source:maths>=2", "source:*>=1", "source=equal", "source=data",
        "source=root", "source:prose<=12 tokens", "source:code>=5 tokens", "set:some<=2", "set:some>=30%",
    ]), min_size=1, max_size=2, unique=True,
)  # fmt: skip
bounds_in_samples = st.sampled_from([
    ("source:code<=1",), ("source:*<=2", "source:maths>=1"), ("source:*>=1",), ("source=equal",),
    ("source:prose<=0", "source:code>=2"),
])  # fmt: skip
NOTHING = "The reference activates no feature more often than the data does: nothing to steer to."


def of_method(spec, method):
    return replace(spec, method=method, options=OPTIONS.get(method, {}))


def outcome(matrix, spec, info):
    """The selection; hypothesis tries another task where the quotas cannot be met, as the sentence rightly says."""
    try:
        return select(matrix, spec, info)
    except SelectionError as error:
        assume(not unmet(matrix, spec, info, str(error)) and str(error) != NOTHING)
        raise


def unmet(matrix, spec, info, sentence):
    """Whether a sentence says rightly that the quotas cannot be met."""
    named, free = set(spec.quotas), [row for row, ok in enumerate(allowed(matrix, spec)) if ok]

    def has(rows, unit, by, name):
        inside = spec.sets["set:some"] if by == "set" else np.flatnonzero(info.labels(by) == name)
        return str(sum(cost(info, row) if unit == "tokens" else 1 for row in rows if row in inside))

    rightly = {
        r"The quota (source:(\w+)[<>]=.+) names no source of this data: take it away, or name one of (.+)\.":
            lambda quota, name, there: quota in named and name not in set(info.labels("source"))
                and there.split(", ") == sorted(set(info.labels("source"))),
        r"The pins hold (\d+) (\w+) of (\w+) (\w+), and the quota (.+) allows (\d+): unpin some, or allow more\.":
            lambda n, unit, by, name, quota, most:
                quota in named and n == has(spec.pins, unit, by, name) and int(n) > int(most),
        r"The quota (.+) asks for (\d+) (\w+) of (\w+) (\w+): (\d+) are there\.":
            lambda quota, n, unit, by, name, there:
                quota in named and there == has(free, unit, by, name) and int(n) > int(there),
        r"The quotas (.+?)(, with the pins,)? ask for (\d+) (\w+), more than the budget of (\d+)\.":
            lambda quotas, pins, n, unit, budget:
                named >= set(quotas.split(", ")) and bool(pins) == bool(spec.pins) and unit == spec.unit
                and int(n) > int(budget) == spec.budget,
        r"The quotas (.+) and (.+) contradict each other \(\w+\)\.": lambda one, two: {one, two} == named,
        r"The quota (.+) is not met beside the budget and the other quotas: \w+ \w+ comes to (\d+) of (\d+) \w+\. "
        r"Ask for less, or pin samples of it\.":
            lambda quota, n, least: quota in named and int(n) < int(least),
        f"The quotas {re.escape(', '.join(spec.quotas))} leave room for no sample: allow more of one group\\.":
            lambda: not spec.pins,
    }  # fmt: skip
    return any(check(*m.groups()) for pattern, check in rightly.items() if (m := re.fullmatch(pattern, sentence)))


@settings(max_examples=25, deadline=None)
@given(st.one_of(tasks(), tasks(unit="tokens")), quotas, st.data())
def test_no_method_passes_a_bound(task, texts, data):
    matrix, spec, info = task
    some = tuple(data.draw(st.sets(st.integers(0, matrix.n_samples - 1))))
    spec = replace(spec, quotas=tuple(texts), sets={"set:some": some})
    for method in METHODS:
        got = outcome(matrix, of_method(spec, method), info)
        rows = got.rows.tolist()
        price = [cost(info, row) if spec.unit == "tokens" else 1 for row in range(matrix.n_samples)]
        assert tuple(rows[: len(spec.pins)]) == spec.pins
        assert len(set(rows)) == len(rows)
        assert all(allowed(matrix, spec)[row] for row in rows)
        assert sum(price[row] for row in rows) <= spec.budget
        for one in got.details["bounds"]:
            taken = Counter()
            for row in rows:
                taken[int(one.label[row])] += one.cost[row]
            assert all(one.least[g] <= taken[g] <= one.most[g] for g in range(len(one.names)))
        left = [row for row in range(matrix.n_samples) if row not in rows]
        assert all(reasons(matrix, got, info, left))


@settings(max_examples=25, deadline=None)
@given(tasks())
def test_step_by_step_a_method_gives_what_it_gives_at_once(task):
    """A quota that bounds nothing changes nothing, even if the method is stopped after each pick."""
    matrix, spec, info = task
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(within, "AT_ONCE", 1)
        for method in METHODS:
            wanted = of_method(spec, method)
            if not is_nested(wanted):
                continue
            try:
                whole = select(matrix, wanted, info)
            except SelectionError as error:
                assert (method, str(error)) == ("reference-guided", NOTHING)
                continue
            steps = select(matrix, replace(wanted, quotas=("source:*<=100%",)), info)
            assert triples(steps) == triples(whole), method


@settings(max_examples=15, deadline=None)
@given(tasks(), quotas)
def test_what_is_remembered_between_steps_changes_nothing(task, texts):
    matrix, spec, info = task
    spec, kept = replace(spec, quotas=tuple(texts), sets={"set:some": (0,)}), {}

    def remember(key, compute):
        if key not in kept:
            kept[key] = compute()
        return kept[key]

    info = replace(info, directions=lambda lens: np.eye(F, dtype=np.float32)[::-1] * 0.6 + 0.2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(within, "AT_ONCE", 1)
        for method, options in (("nearest", {}), ("jaccard", {}), ("sae-gain", {"spread": 0.5, "quality": "grade"})):
            wanted = replace(of_method(spec, method), options={**OPTIONS.get(method, {}), **options})
            got = outcome(matrix, wanted, replace(info, remember=remember))
            assert triples(got) == triples(outcome(matrix, wanted, info)), method
            assert select(matrix, wanted, replace(info, remember=remember)).rows.tolist() == got.rows.tolist()
    assert sum("likeness" in key for key in kept) == 2, "once for a method, whatever the steps"
    assert sum("passed on" in key for key in kept) == 1


def test_what_overlaps_is_met_before_the_groups_that_it_shares():
    matrix = FeatureMatrix.from_sets([{0}, {1, 2, 3}, {4}, {5}], 6)
    info = SampleInfo(np.ones(4), np.ones(4), labels=lambda by: np.array(["a", "a", "b", "b"]))
    spec = SelectionSpec(budget=2, quotas=("source=equal", "set:t>=1"), sets={"set:t": (0,)})
    assert select(matrix, spec, info).rows.tolist() == [0, 2]


def brute(matrix, spec, label, least, most):
    """sae-greedy within bounds in samples, word for word: (row, round, gain)."""
    sets, weight, rows, rounds = features(matrix, spec), credit(matrix, spec), list(spec.pins), [1] * len(spec.pins)
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in rows]

    def gain(row, now):
        times = Counter(f for i in now for f in sets[i])
        return sum(weight[f] for f in sets[row] if times[f] < spec.multiplicity)

    for short in (True, False):
        number = 1
        while len(rows) < spec.budget:
            has = Counter(label[i] for i in rows)
            open_ = [i for i in free if i not in rows and has[label[i]] < (least if short else most)[label[i]]]
            if not open_:
                break
            now = [i for i, r in zip(rows, rounds, strict=True) if r == number]
            if not any(gain(i, now) for i in open_) and any(gain(i, []) for i in open_):
                number, now = number + 1, []
            rows.append(max(open_, key=lambda i: (gain(i, now), -i)))
            rounds.append(number)
        rounds = [1] * len(rounds) if short else rounds
    same = [[j for j in range(k) if rounds[j] == rounds[k]] for k in range(len(rows))]
    return [(rows[k], rounds[k], gain(rows[k], [rows[j] for j in same[k]])) for k in range(len(rows))]


@quick
@given(tasks(), bounds_in_samples, st.integers(1, 3))
def test_greedy_within_bounds_is_the_definition(task, texts, at_once):
    matrix, spec, info = task
    spec = replace(spec, quotas=texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(within, "AT_ONCE", at_once)
        got = outcome(matrix, spec, info)
    bounds = got.details["bounds"][0]
    wanted = brute(matrix, spec, bounds.label, bounds.least, bounds.most)
    assert [t[:2] for t in triples(got)] == [w[:2] for w in wanted]
    assert np.allclose(got.gains, [w[2] for w in wanted])


@quick
@given(tasks(weights=("uniform", "idf")), bounds_in_samples)
def test_greedy_is_half_of_the_best_and_the_certificate_holds(task, texts):
    matrix, spec, info = task
    spec = replace(spec, quotas=texts, pins=())
    got = outcome(matrix, spec, info)
    bounds, sets, weight = got.details["bounds"][0], features(matrix, spec), credit(matrix, spec)

    def worth(rows):
        times = Counter(f for i in rows for f in sets[i])
        return sum(w * min(spec.multiplicity, times[f]) for f, w in enumerate(weight))

    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
    taken = [(rows, bounds.taken(np.array(rows))) for rows in combinations(free, len(got.rows))]
    best = max(worth(rows) for rows, has in taken if (bounds.least <= has).all() and (has <= bounds.most).all())
    assert worth(got.rows.tolist()) >= best / 2 - 1e-9
    found = certificate(matrix, got)
    assert np.isclose(found.covered, worth(got.rows.tolist()))
    assert found.bound >= best - 1e-9


def test_quotas_are_in_the_request_as_json_and_come_back():
    spec = SelectionSpec(budget=3, quotas=("source:*<=50%", "set:some>=1"), sets={"set:some": (0, 2)})
    rng = np.random.default_rng(0)
    matrix, info = FeatureMatrix.from_sets([{0, 1}, {1}, {2}, {3}, {0}], 4), rich_info(rng, 5)
    got = select(matrix, spec, info)
    again = spec_from(spec_dict(got))
    assert again == spec
    assert select(matrix, again, info).rows.tolist() == got.rows.tolist()
    assert not {"quotas", "sets"} & set(spec_dict(select(matrix, SelectionSpec(budget=3))))
