"""Every method of the registry on the page Budget, through both lenses: it runs, or the page leads to what makes it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.refine.runs import RefineConfig
from core.schema import LENSES
from core.selection.registry import METHODS
from core.session.session import open_session, workspace_of
from pages.parts import start, steer_examples
from tests.factories import KEY, alpaca, tiny_store
from tests.made_runs import write_refinement
from tests.pages.conftest import F, N, config_in, feature_sets, topic_sets

NOTHING = SimpleNamespace(id="")  # a job that was never started
JOBS = {"score": "score", "reference": "extract", "run": "refine"}  # what begins, by what a method lacks


@pytest.fixture
def make(cache):
    """Makes the store anew, of N samples with some score columns."""

    def made(*scores: str):
        bare = [{k: v for k, v in record.items() if k != "score"} for record in alpaca(N)]
        records = [record | {name: float(i % 7) for name in scores} for i, record in enumerate(bare)]
        (cache / f"{KEY}.duckdb").unlink()
        digests = {"model": "m", "sae": "s", "data": "d"}
        return open_session(tiny_store(cache, records, feature_sets(), key=KEY, topics=topic_sets(), n_features=F,
                                       digests=digests, config=config_in(cache)))  # fmt: skip

    return made


def press(at: AppTest, key: str) -> None:
    """Press a button, which must be there."""
    at.button(key=key).click().run()
    assert not at.exception and not at.error, key


def begin(at: AppTest, need: str) -> None:
    """Go where the page leads, and begin what makes the method runnable."""
    if need == "score":
        press(at, "start-score")
    elif need == "run":
        assert "Start a run of refinement" in [link.proto.label for link in at.get("page_link")]
        at.switch_page("pages/refinement.py").run()
        press(at, "start-refine")
        at.switch_page("pages/budget.py").run()
    else:
        press(at, "to-targets")
        at.text_area(key="examples-text").set_value("one\ntwo").run()
        press(at, "examples-read")


@pytest.mark.parametrize("lens", LENSES)
def test_with_nothing_at_hand_a_method_runs_or_a_button_begins_what_it_lacks(visit, make, monkeypatch, lens) -> None:
    begun: list[str] = []
    make()
    monkeypatch.setattr(start, "start", lambda arguments, title: begun.append(arguments[0]))
    monkeypatch.setattr(steer_examples, "start", lambda arguments, title: begun.append(arguments[0]) or NOTHING)
    at = visit("budget", store=KEY, lens=lens, budget=10)
    for name, method in METHODS.items():
        at.session_state["method"] = name
        at.run()
        assert not at.exception and at.title[0].value == "Budget", name
        lacks, spec = [need for need in method.needs if need in JOBS], at.session_state.view.spec
        assert (spec.method, spec.lens) == ("sae-greedy" if lacks else name, lens)
        assert bool(at.warning) == bool(lacks), name
        for need in lacks:
            begin(at, need)
            assert begun.pop() == JOBS[need] and not begun, name


@pytest.mark.parametrize("lens", LENSES)
def test_with_several_to_choose_from_a_click_for_each_choice_makes_every_method_run(visit, make, lens) -> None:
    session = make("score", "rating")
    workspace_of(session.store).save_set("mine", [3, 8, 13])
    write_refinement(session, RefineConfig(KEY, 2, 12, k=3, theta=session.default_theta()[0]), ["an answer"], 2)
    at = visit("budget", store=KEY, lens=lens, budget=10)
    for name, method in METHODS.items():
        at.session_state["method"] = name
        at.run()
        chosen = [o for o in method.options if o.kind == "score" and not o.optional] if "score" in method.needs else []
        for _ in chosen:
            assert f"{name} goes by a score, and there are several." in at.warning[0].value.replace("\\", ""), name
            press(at, "score-by-rating")
        if "reference" in method.needs:
            press(at, "to-targets")
            at.radio(key="target-method").set_value(name).run()
            press(at, "target-use")
        spec = at.session_state.view.spec
        assert not at.warning and (spec.method, spec.lens) == (name, lens)
        assert {spec.options[option.name] for option in chosen} <= {"rating"}
        assert not [b.key for b in at.button if b.key in ("to-targets", "start-score", "score-by-score")], name
