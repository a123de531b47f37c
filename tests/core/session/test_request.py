"""The request in an address: it comes back as it went, and what cannot be had is told."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.schema import UNITS, SelectionSpec
from core.selection.registry import METHODS
from core.session.request import (
    WHOLE,
    Request,
    budgets,
    default_request,
    from_query,
    request_of,
    scopes,
    weights,
)

GIVEN = {
    "sae-simscale": [{"tau": 0.25, "against": "nearest"}, {"tau": 0.0}],
    "kmeans-random": [{"k": "elbow", "allocation": "uniform"}],
    "kmq": [{"k": 3}],
    "qdit": [{"alpha": 0.0}],
    "repr-filter": [{"limit": 0.0}],
}


@given(data=st.data())
def test_a_request_comes_back_from_its_address(workplace, data):
    lens = data.draw(st.sampled_from(workplace.store.lenses))
    scope = data.draw(st.sampled_from(scopes(workplace, lens)))
    unit = data.draw(st.sampled_from(UNITS))
    method = data.draw(st.sampled_from(list(METHODS)))
    usual = default_request(workplace, lens, scope, unit)
    asked = Request(
        workplace.store.key, lens, scope,
        data.draw(st.just(usual.theta) | st.floats(0, 1e6)), method, unit,
        data.draw(st.just(usual.budget) | st.integers(*budgets(workplace, unit))),
        data.draw(st.sampled_from([{}, *GIVEN.get(method, [])])),
        data.draw(st.sampled_from(weights(workplace, lens))),
        data.draw(st.integers(*WHOLE["multiplicity"])),
        data.draw(st.integers(*WHOLE["seed"])),
    )  # fmt: skip
    query = asked.to_query(workplace)
    assert from_query({**query, "find": "some text"}, workplace) == (asked, [])
    assert query["store"] == workplace.store.key


def test_the_address_of_the_defaults_names_the_store_alone(workplace):
    usual = default_request(workplace)
    assert usual.to_query(workplace) == {"store": workplace.store.key}
    assert replace(usual, budget=2).to_query(workplace) == {"store": workplace.store.key, "budget": "2"}


BAD = {
    "lens": ("colours", "tokens"),
    "scope": ("answers", "all or prompt or response"),
    "theta": ("nan", "a number of at least 0"),
    "method": ("best", "one that there is"),
    "budget": ("many", "a whole number"),
    "weights": ("heavy", "uniform or idf or mass"),
    "seed": ("-1", "from 0 to 10,000"),
    "row": ("30", "from 0 to 29"),
    "feature": ("-3", "in this data set"),
    "lasso": ("1.2_3.4", "three corners or more"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_an_address_cannot_have_is_told_in_a_sentence_and_the_default_is_used(workplace, name):
    value, must = BAD[name]
    asked, (sentence,) = from_query({name: value}, workplace)
    assert sentence.startswith(f"The address says {name} = {value}, but it must be ")
    assert must in sentence
    assert asked == default_request(workplace)


def test_a_budget_beyond_the_samples_is_as_many_as_there_are(workplace):
    asked, (sentence,) = from_query({"budget": "5000"}, workplace)
    assert asked.budget == workplace.store.n_samples == 30
    assert sentence == "The address says budget = 5000, but it must be from 1 to 30: 30 is used."


def test_an_option_that_cannot_be_is_left_out(workplace):
    query = {"method": "sae-simscale", "sae-simscale_tau": "7", "kmq-iterative_run": ".."}
    asked, (sentence,) = from_query(query, workplace)
    assert asked.options == {}
    assert "tau" in sentence and "got '7'" in sentence


def test_an_option_of_nothing_counts_and_one_that_is_its_default_does_not(workplace):
    for query, options in (("0", {"tau": 0.0}), ("0.80", {}), ("", {})):
        asked, told = from_query({"method": "sae-simscale", "sae-simscale_tau": query}, workplace)
        assert (asked.options, told) == (options, [])


def test_a_specification_is_the_request_that_it_came_from(workplace):
    usual = default_request(workplace)
    spec = SelectionSpec(usual.method, usual.budget, theta=usual.theta, lens=usual.lens, bans=(3,))
    assert request_of(spec, workplace.store.key) == usual
