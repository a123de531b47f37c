"""What budgets cover, held against sums and unions over the picks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.schema import SelectionSpec
from core.session.budgets import DRAWS, curve, random_band, random_coverage, random_draws, random_needed
from core.session.session import open_session
from tests.factories import alpaca, tiny_store

N, F = 24, 30
SPEC = SelectionSpec("longest-response", 5, theta=0.3, vetoes={1: "ignore"}, bans=(2,), pins=(9,))


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    rng = np.random.default_rng(0)
    sets = [{int(f): float(rng.integers(1, 9)) / 4 for f in np.flatnonzero(rng.random(F) < 0.2)} for _ in range(N)]
    return open_session(tiny_store(tmp_path_factory.mktemp("budgets"), alpaca(N), sets, n_features=F))


def union(session, spec, rows):
    """How many features that may earn credit some of the rows has."""
    matrix = session.matrix_of(spec)
    return len({f for row in rows for f in matrix.row(row).tolist()} - set(spec.vetoes))


def drawn(session, spec, budget):
    """What each random draw covers with a budget: the pin, and its order up to the first sample that does not fit."""
    tokens, found = session.info.tokens, []
    for seed in range(DRAWS):
        order = [9, *(r for r in np.random.default_rng(seed).permutation(N).tolist() if r not in (2, 9))]
        cost = np.cumsum([1 if spec.unit == "samples" else tokens[r] for r in order])
        found.append(union(session, spec, order[: max(int((cost <= budget).sum()), 1)]))
    return found


@pytest.mark.parametrize("unit", ["samples", "tokens"])
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_random_is_the_median_of_the_draws_with_as_much(session, unit, data):
    spec = replace(SPEC, unit=unit)
    spec = replace(spec, budget=data.draw(st.integers(20 if unit == "tokens" else 1, session.total(spec.unit))))
    wanted = drawn(session, spec, spec.budget)
    band = random_band(session, spec, np.array([spec.budget]))
    assert [values.tolist() for values in band] == [[min(wanted)], [np.median(wanted)], [max(wanted)]]
    assert random_coverage(session, session.selection(spec)) == (min(wanted), np.median(wanted), max(wanted))
    draws = random_draws(session, spec)
    assert [int(draw.covered_after[-1]) for draw in draws] == wanted
    assert [draw.spec.seed for draw in draws] == list(range(DRAWS)) and draws[0].spec.method == "random"


@pytest.mark.parametrize("unit", ["samples", "tokens"])
def test_the_random_budget_that_covers_as_much_is_the_smallest(session, unit):
    spec = replace(SPEC, unit=unit)
    for covered in (0, 7, 21, union(session, spec, range(N))):
        budgets = range(1, session.total(spec.unit) + 1)
        assert random_needed(session, spec, covered) == next(
            b for b in budgets if np.median(drawn(session, spec, b)) >= covered or b == budgets[-1]
        )


@pytest.mark.parametrize("method", ["sae-greedy", "longest-response"])
def test_a_curve_sums_what_its_picks_take_and_cover(session, method):
    for unit in ("samples", "tokens"):
        spec = replace(SPEC, method=method, unit=unit, budget=20)
        found = curve(session, spec)
        assert (np.diff(found.spent) > 0).all() and found.at(np.array([0])).tolist() == [0]
        if unit == "samples":
            assert found.at(np.arange(N)[1:]).tolist() == session.order(spec).covered_after.tolist()
        assert found.covered[-1] == union(session, spec, [r for r in range(N) if r != 2]), (
            "it goes on until all is covered"
        )


@pytest.mark.parametrize("method", ["sae-greedy", "longest-response", "random", "sae-simscale"])
def test_a_curve_that_needs_no_whole_order_is_that_of_the_whole_order(session, method, monkeypatch):
    monkeypatch.setattr("core.session.session.FIRST", 2)
    spec = replace(SPEC, method=method, budget=1)
    session.memory.clear()
    found, whole = curve(session, spec), session.order(spec)
    assert found.covered.tolist() == whole.covered_after.tolist()
    assert found.spent.tolist() == list(range(1, len(whole.rows) + 1))


def test_the_curve_of_a_slow_method_ends_at_its_budget(session):
    spec = SelectionSpec("k-center", 6)
    found = curve(session, spec)
    assert found.spent.tolist() == [1, 2, 3, 4, 5, 6]
    assert found.covered.tolist() == session.selection(spec).covered_after.tolist()
