"""Selections against brute force on small random instances, and the sentence of every error."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.matrix.similarity import AT_ONCE
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from tests.oracles import allowed, brute_greedy, brute_simscale, cost, credit, features, triples, without_credit
from tests.strategies import OPTIONS, F, quick, tasks


@quick
@given(tasks())
def test_greedy_is_the_definition(task):
    matrix, spec, info = task
    got = select(matrix, spec, info)
    assert [t[:2] for t in triples(got)] == [p[:2] for p in brute_greedy(matrix, spec, spec.budget, [1] * 99)]
    assert np.allclose(got.gains, [p[2] for p in brute_greedy(matrix, spec, spec.budget, [1] * 99)], rtol=1e-12)
    sets, skip = features(matrix, spec), without_credit(matrix, spec)
    for k, covered in enumerate(got.covered_after):
        assert covered == len({f for i in got.rows[: k + 1] for f in sets[i]} - skip)


@quick
@given(tasks(unit="tokens"))
def test_greedy_with_a_token_budget_is_the_better_of_two(task):
    matrix, spec, info = task
    price, weight, sets = [cost(info, i) for i in range(matrix.n_samples)], credit(matrix, spec), features(matrix, spec)
    both = [brute_greedy(matrix, spec, spec.budget, price, per_cost) for per_cost in (True, False)]
    got = [t[:2] for t in triples(select(matrix, spec, info))]

    def worth(rows):
        return sum(w * min(spec.multiplicity, sum(f in sets[i] for i in rows)) for f, w in enumerate(weight))

    values = [worth([p[0] for p in picks]) for picks in both]
    assert got in [[p[:2] for p in picks] for picks in both]
    assert np.isclose(worth([row for row, _ in got]), max(values))
    assert sum(price[row] for row, _ in got) <= spec.budget


@quick
@given(st.one_of(tasks(), tasks(unit="tokens")), st.sampled_from([0.0, 0.5, 0.8, 1.0]))
def test_simscale_is_the_definition(task, tau):
    matrix, spec, info = task
    spec = replace(spec, method="sae-simscale", options={"tau": tau})
    price = [cost(info, i) if spec.unit == "tokens" else 1 for i in range(matrix.n_samples)]
    assert [t[:2] for t in triples(select(matrix, spec, info))] == brute_simscale(matrix, spec, tau, price)


@pytest.mark.parametrize(("unit", "share"), [("samples", 0.9), ("samples", 0.1), ("tokens", 0.9), ("tokens", 0.1)])
def test_simscale_goes_round_more_often_than_it_does_at_once(unit, share):
    rng, n = np.random.default_rng(0), 4 * AT_ONCE
    dense = rng.random((n, F)) < 0.7
    indptr = np.concatenate([[0], dense.sum(1).cumsum()])
    matrix = FeatureMatrix(indptr, np.nonzero(dense)[1], np.ones(indptr[-1], np.float32), F)
    info = SampleInfo(rng.integers(1, 9, n), rng.integers(1, 9, n))
    price = info.tokens.tolist() if unit == "tokens" else [1] * n
    options = {
        "budget": int(share * sum(price)),
        "unit": unit,
        "options": {"tau": 0.3},
        "multiplicity": 2,
        "pins": (7,),
    }
    spec = SelectionSpec("sae-simscale", **options)
    found = [t[:2] for t in triples(select(matrix, spec, info))]
    assert found == brute_simscale(matrix, spec, 0.3, price) and (found[-1][1] > AT_ONCE) == (share > 0.5)


@quick
@given(tasks(), st.sampled_from(sorted(METHODS)), st.data())
def test_every_method_is_nested_honours_decisions_and_repeats(task, method, data):
    matrix, spec, info = task
    spec = replace(spec, method=method, options=OPTIONS.get(method, {}))
    got, ok = select(matrix, spec, info), allowed(matrix, spec)
    assert len(got.rows) == len(set(got.rows.tolist())) == min(spec.budget, sum(ok))
    assert got.rows[: len(spec.pins)].tolist() == list(spec.pins)
    assert all(ok[row] for row in got.rows)
    again = select(matrix, spec, info)
    assert triples(got) == triples(again)
    k = data.draw(st.integers(max(1, len(spec.pins)), spec.budget))
    if is_nested(spec):
        assert triples(select(matrix, replace(spec, budget=k), info)) == triples(got.prefix(k))
    dtypes = got.rows.dtype, got.gains.dtype, got.round.dtype, got.covered_after.dtype
    assert dtypes == (np.int64, np.float64, np.int32, np.int64)


@quick
@given(tasks(unit="tokens"), st.sampled_from(sorted(METHODS)))
def test_every_method_keeps_to_a_token_budget_and_stops_when_nothing_fits(task, method):
    matrix, spec, info = task
    rows = select(matrix, replace(spec, method=method, options=OPTIONS.get(method, {})), info).rows.tolist()
    left = spec.budget - sum(cost(info, i) for i in rows)
    assert left >= 0
    assert not [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in rows and cost(info, i) <= left]


def test_longest_and_random_orders():
    matrix = FeatureMatrix.from_sets([{0}] * 4, 1)
    info = SampleInfo(np.array([1, 9, 9, 2]), np.array([5, 1, 7, 5]))
    chosen = {
        m: select(matrix, SelectionSpec(m, 4), info).rows.tolist() for m in ("longest-prompt", "longest-response")
    }
    assert chosen["longest-prompt"] == [1, 2, 3, 0]
    assert chosen["longest-response"] == [2, 0, 3, 1]
    many = FeatureMatrix.from_sets([{0}] * 50, 1)
    one, two = (select(many, SelectionSpec("random", 50, seed=s)).rows for s in (1, 2))
    assert sorted(one) == sorted(two) == list(range(50))
    assert one.tolist() != two.tolist()
    fewer = select(many, SelectionSpec("random", 50, seed=1, bans=(7,))).rows
    assert fewer.tolist() == [i for i in one if i != 7]


MATRIX = FeatureMatrix.from_sets([{0, 1}, {1}, {2}], 3)
INFO = SampleInfo(np.array([1, 2, 3]), np.array([4, 5, 6]))
ERRORS = [
    ({"budget": 0}, "The budget must be a whole number of at least 1, got 0; 3 samples are available."),
    ({"budget": -2}, "The budget must be a whole number of at least 1, got -2; 3 samples are available."),
    ({"budget": 1.5}, "The budget must be a whole number of at least 1, got 1.5; 3 samples are available."),
    ({"budget": 4}, "The budget of 4 is more than the 3 samples available."),
    ({"multiplicity": 0}, "multiplicity must be a whole number of at least 1, got 0."),
    ({"method": "magic"}, f"Unknown method 'magic': it must be one of {', '.join(METHODS)}."),
    ({"unit": "words"}, "Unknown unit 'words': it must be one of samples, tokens."),
    ({"scope": "system"}, "Unknown scope 'system': it must be one of all, prompt, response."),
    ({"weights": "tf"}, "Unknown weights 'tf': it must be one of uniform, idf, mass, content."),
    ({"theta": float("nan")}, "theta must be a number of at least 0, got nan."),
    ({"theta": -1.0}, "theta must be a number of at least 0, got -1.0."),
    ({"vetoes": {3: "ignore"}}, "The veto on feature 3 is outside 0..2."),
    ({"vetoes": {0: "hide"}}, "Unknown veto 'hide' on feature 0: it must be one of ignore, block."),
    ({"pins": (3,)}, "The pin on row 3 is outside 0..2."),
    ({"bans": (-1,)}, "The ban on row -1 is outside 0..2."),
    ({"pins": (1,), "bans": (1,)}, "Row 1 is both pinned and banned."),
    ({"pins": (0,), "vetoes": {0: "block"}}, "Row 0 is both pinned and blocked by a vetoed feature."),
    ({"pins": (0, 1), "budget": 1}, "The 2 pins take 2 samples, more than the budget of 1."),
    ({"vetoes": {1: "block", 2: "block"}}, "Vetoes and bans leave none of the 3 samples available."),
    ({"unit": "tokens"}, "A budget in tokens needs the token counts of the samples: pass samples=SampleInfo(...)."),
    (
        {"method": "longest-response"},
        "longest-response needs the token counts of the samples: pass samples=SampleInfo(...).",
    ),
    (
        {"method": "sae-simscale", "options": {"tau": 2}},
        "The option tau of sae-simscale must be a number from 0 to 1, got 2.",
    ),
    ({"options": {"speed": 1}}, "sae-greedy has no option 'speed': its options are quality."),
    ({"method": "random", "options": {"k": 1}}, "random has no option 'k': it has none."),
    (
        {"method": "sae-simscale", "options": {"against": "all"}},
        "The option against of sae-simscale must be union or nearest, got 'all'.",
    ),
    (
        {"method": "kmq", "options": {"k": 1.5}},
        "The option k of kmq must be silhouette or elbow or a whole number ≥ 0, got 1.5.",
    ),
    (
        {"method": "quality"},
        "quality needs a score column: set the option score; there is none: run `python -m core score`.",
    ),
    ({"method": "k-center"}, "k-center needs vectors of the samples: pass samples=SampleInfo(..., vectors=...)."),
    (
        {"method": "instag", "options": {"tags": "topics"}},
        "The option tags needs the data's columns: pass samples=SampleInfo(..., tags=...).",
    ),
    (
        {"method": "reference-guided"},
        (
            "reference-guided needs the option reference: a set of samples such as set:NAME, or the feature "
            "store of examples of what the model should get good at, extracted with the same model and SAE."
        ),
    ),
]


@pytest.mark.parametrize(("change", "sentence"), ERRORS, ids=[s[:40] for _, s in ERRORS])
def test_errors_say_what_to_mend(change, sentence):
    with pytest.raises(SelectionError) as error:
        select(MATRIX, replace(SelectionSpec(budget=2), **change))
    assert str(error.value) == sentence


def test_errors_about_sample_info_and_empty_matrices():
    with pytest.raises(SelectionError, match=r"No sample fits in a budget of 4 tokens: the shortest available has 5\."):
        select(MATRIX, SelectionSpec(budget=4, unit="tokens"), INFO)
    with pytest.raises(SelectionError, match=r"SampleInfo describes 1 samples, but the matrix has 3\."):
        select(MATRIX, SelectionSpec("longest-prompt", 2), SampleInfo(np.array([1]), np.array([1])))
    with pytest.raises(SelectionError, match="must have one entry for each sample"):
        SampleInfo(np.array([1]), np.array([1, 2]))
    with pytest.raises(SelectionError, match="The matrix has no samples to select from"):
        select(FeatureMatrix.from_sets([], 3), SelectionSpec(budget=1))


def test_a_budget_above_what_vetoes_leave_gives_what_is_available():
    assert select(MATRIX, SelectionSpec(budget=3, vetoes={0: "block"})).rows.tolist() == [1, 2]


# --- the weights content


@quick
@given(tasks(weights=("content",)), st.sampled_from([*METHODS]))
def test_only_content_earns_credit_with_the_weights_content(task, method):
    """The same as ignoring every other feature."""
    matrix, spec, info = task
    spec = replace(spec, method=method, options=OPTIONS.get(method, {}))
    ignoring = dict.fromkeys(np.flatnonzero(~matrix.content).tolist(), "ignore") | spec.vetoes
    found = select(matrix, spec, info)
    same = select(matrix, replace(spec, weights="uniform", vetoes=ignoring), info)
    assert triples(found) == triples(same) and found.covered_after.tolist() == same.covered_after.tolist()


def test_the_weights_content_need_kinds_and_tokens():
    known = FeatureMatrix.from_sets([{0}, {0, 1}], 2)
    known = replace(known, content=np.array([False, True]))
    spec = SelectionSpec(budget=1, weights="content")
    assert select(known, spec).rows.tolist() == [1] and select(known, spec).gains.tolist() == [1]
    with pytest.raises(SelectionError, match=r"need the kinds of the features.*core upgrade"):
        select(MATRIX, replace(spec, budget=1))
    with pytest.raises(SelectionError, match="are for the tokens lens"):
        select(known, replace(spec, lens="topics"))
    assert known.at(0.5).content is known.content
