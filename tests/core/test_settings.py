"""A setting: what it allows, and what is said of a value that it does not allow."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import ExtractConfig, SelectionSpec
from core.settings import Setting, arguments, check, number_or_word, pairs, sentence, setting, settings_of, words


@dataclass(frozen=True)
class Made:
    """One of each kind."""

    name: str = setting(sentence="Needed.")
    rounds: int = setting(3, "Rounds.", low=1, high=9)
    rate: float = setting(0.5, "Rate.", low=0, high=1, between=True)
    floor: float = setting(0.0, "Floor.", low=0)
    word: str = setting("a", "Word.", choices=("a", "b"))
    k: int | str = setting(0, "Clusters.", low=0, choices=("elbow",))
    loud: bool = setting(False, "Loud.")
    limit: int | None = setting(None, "Limit.")
    own: int = 7

    def __post_init__(self) -> None:
        check(self)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rounds": 0}, "rounds must be a whole number from 1 to 9, got 0."),
        ({"rounds": 10}, "rounds must be a whole number from 1 to 9, got 10."),
        ({"rounds": 2.5}, "rounds must be a whole number from 1 to 9, got 2.5."),
        ({"rounds": "2"}, "rounds must be a whole number from 1 to 9, got '2'."),
        ({"rate": 1.0}, "rate must be a number between 0 and 1, got 1.0."),
        ({"rate": float("nan")}, "rate must be a number between 0 and 1, got nan."),
        ({"floor": -0.1}, "floor must be a number of at least 0, got -0.1."),
        ({"floor": float("inf")}, "floor must be a number of at least 0, got inf."),
        ({"word": "c"}, "Unknown word 'c': it must be one of a, b."),
        ({"k": "magic"}, "k must be a whole number of at least 0 or elbow, got 'magic'."),
        ({"k": -1}, "k must be a whole number of at least 0 or elbow, got -1."),
    ],
)
def test_what_is_not_allowed_is_named_with_what_is(given: dict, said: str) -> None:
    with pytest.raises(SelectionError) as error:
        Made("n", **given)
    assert str(error.value) == said


@given(st.integers() | st.floats(), st.booleans(), st.booleans())
def test_bounds(value, between: bool, whole: bool) -> None:
    inside = 1 < value < 4 if between else 1 <= value <= 4
    inside = inside and (isinstance(value, int) or not whole)
    assert Setting("", low=1, high=4, between=between, whole=whole).allows(value) == inside


def test_what_is_declared_is_what_a_form_and_the_command_line_see() -> None:
    assert list(settings_of(Made)) == ["name", "rounds", "rate", "floor", "word", "k", "loud", "limit"]
    assert Made("n", k="elbow", rate=0.25) == Made(name="n", k="elbow", rate=0.25)
    assert asdict(Made("n")) == {
        "name": "n", "rounds": 3, "rate": 0.5, "floor": 0.0, "word": "a", "k": 0, "loud": False, "limit": None,
        "own": 7,
    }  # fmt: skip
    assert sentence(Made, "rounds") == "Rounds."


@pytest.mark.parametrize("declared", [ExtractConfig, SelectionSpec])
def test_every_setting_says_what_it_is(declared: type) -> None:
    assert all(one.sentence[-1:] for one in settings_of(declared).values())


def test_what_people_type() -> None:
    assert words(" a, b,,a ") == ("a", "b") and words("") == ()
    assert pairs(["a=1", "b = x=y"]) == {"a": "1", "b": "x=y"}
    assert [number_or_word(text) for text in ("12", "elbow", "-1", "1.5")] == [12, "elbow", "-1", "1.5"]
    for text in ("tau", "=1"):
        with pytest.raises(SelectionError, match=f"An option is written NAME=VALUE, got '{text}'"):
            pairs([text])


def test_arguments_are_the_options_that_are_not_the_defaults():
    made = Made("a b", rounds=5, loud=True, own=9)
    assert arguments(made) == ["--name", "a b", "--rounds", "5", "--loud"]
    spec = SelectionSpec(multiplicity=2, options={"k": "elbow", "of": "a,b"}, lens="topics")
    typed = ["--multiplicity", "2", "--option", "k=elbow", "--option", "of=a,b", "--lens", "topics"]
    assert arguments(spec) == ["--theta", "0.0", *typed], "the default of θ is the store's own, not that of the field"
