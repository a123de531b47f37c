"""The widgets of options, whatever bounds and defaults an option has."""

from dataclasses import replace

import pytest

from core.selection.method import Option
from core.selection.registry import METHODS

OPTIONS = {
    "low only": Option("size", "how many", "number", low=1, whole=True),
    "high only": Option("share", "how much", "number", 0.5, high=1),
    "no bounds": Option("shift", "how far", "number"),
    "whole": Option("size", "how many", "number", 3, low=1, high=9, whole=True),
    "words or a number": Option("k", "how", "number", 0, ("best",), low=0, whole=True),
    "words": Option("way", "how", "choice", "b", ("a", "b")),
    "score": Option("score", "which", "score"),
    "tags": Option("tags", "which", "tags"),
}


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_an_option_draws_whatever_bounds_it_has_and_its_default_is_not_given(visit, monkeypatch, option):
    monkeypatch.setitem(METHODS, "random", replace(METHODS["random"], options=(option,)))
    at = visit("budget", method="random")
    assert at.title[0].value == "Budget"
    assert not at.session_state["view"].spec.options


@pytest.mark.parametrize(("name", "value"), [("low only", 4), ("high only", 0.25), ("no bounds", -2.5), ("whole", 5)])
def test_a_number_that_is_set_is_given_as_the_option_takes_it(visit, monkeypatch, name, value):
    option = OPTIONS[name]
    monkeypatch.setitem(METHODS, "random", replace(METHODS["random"], options=(option,)))
    at = visit("budget", method="random")
    next(n for n in at.number_input if n.label == option.name.capitalize()).set_value(value).run()
    assert at.title[0].value == "Budget"
    given = at.session_state["view"].spec.options[option.name]
    assert given == value and isinstance(given, int) is option.whole
