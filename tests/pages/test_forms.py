"""Forms that start commands: what they amount to is a command that exists, what it costs is said, what stands against
it is said; a real job started by one, and its result on the page."""

from __future__ import annotations

import shlex
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from streamlit.testing.v1 import AppTest

from core.cli.app import app
from core.jobs import Job
from core.jobs import jobs as all_jobs
from core.jobs.records import LIVING
from core.session.session import workspace_of
from pages.parts import start
from tests.factories import KEY, alpaca, tiny_store
from tests.pages.conftest import F, N, config_in, feature_sets, make_store, metrics

LABELLER = {"SAELECT_LABEL_MODEL": "judge", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "secret"}


@pytest.fixture
def started(monkeypatch) -> list[tuple[list[str], str]]:
    """The arguments and titles of the jobs that were started; none of them runs."""
    found: list[tuple[list[str], str]] = []
    monkeypatch.setattr(start, "start", lambda arguments, title: found.append((list(arguments), title)))
    return found


def by_key(at, kind: str, key: str):
    """A widget by its key."""
    return next(widget for widget in getattr(at, kind) if widget.key == key)


def press(at, name: str):
    """Start the command of a form."""
    by_key(at, "button", f"start-{name}").click().run()
    assert not at.exception, at.exception[0].value


def taken(arguments: list[str]) -> dict:
    """What the command line makes of arguments; it must take them all."""
    command = typer.main.get_command(app).commands[arguments[0]]
    with command.make_context(arguments[0], list(arguments[1:])) as context:
        return context.params


def said(at) -> str:
    """Captions, warnings and notes of a page, without the marks that keep them from being Markdown."""
    parts = [*at.caption, *at.warning, *at.info]
    return "\n".join(part.value for part in parts).replace("\\", "")


def test_a_run_of_refinement(visit, started):
    at = visit("refinement", lens="tokens")
    by_key(at, "number_input", "refine-rounds").set_value(2).run()
    at.session_state["refine-more"] = True  # the fold, which draws nothing while it is closed
    at.run()
    by_key(at, "text_input", "refine-k").set_value("silhouette").run()
    at.session_state["refine-more"] = False
    at.run()
    assert not any(box.key == "refine-k" for box in at.text_input)
    assert "tokens trained on" in said(at)
    shown = next(c.value for c in at.code if " refine " in c.value)
    press(at, "refine")
    ((arguments, title),) = started
    assert title == "Refinement of data.jsonl" and arguments[:3] == ["refine", "--store", KEY]
    params = taken(arguments)
    assert (params["rounds"], params["budget"], params["k"]) == (2, 4, "silhouette")
    assert params["lens"] == "tokens" and params["theta"] == at.session_state["view"].spec.theta
    assert shlex.split(shown)[3:4] == ["refine"] and f"{KEY}.duckdb" in shown


def test_what_stands_against_a_run(visit, started):
    at = visit("refinement")
    by_key(at, "number_input", "refine-budget").set_value(2).run()
    assert "needs a budget of at least as many samples" in said(at) and by_key(at, "button", "start-refine").disabled
    by_key(at, "number_input", "refine-budget").set_value(400).run()
    assert "The budget is 400, and there are 40 samples." in said(at)
    by_key(at, "number_input", "refine-budget").set_value(9).run()
    by_key(at, "selectbox", "refine-scorer").set_value("reward").run()
    assert "The scorer reward needs a model" in said(at)


def test_a_judge_is_told_of_and_its_key_stands_nowhere(visit, started, monkeypatch):
    for name, value in LABELLER.items():
        monkeypatch.setenv(name, value)
    at = visit("refinement")
    by_key(at, "selectbox", "refine-scorer").set_value("judge").run()
    by_key(at, "text_input", "refine-scorer_model").set_value("judge").run()
    assert "judge at http:" in said(at).replace("\u2060", "") and "is asked 8 times" in said(at)
    press(at, "refine")
    assert "secret" not in " ".join(started[0][0]) and taken(started[0][0])["scorer"] == "judge"


def test_a_proof(visit, started):
    at = visit("proof")
    assert "An example, not your data" in said(at) and "22,263 samples of 4 sources" in said(at)
    assert int(metrics(at)["Fine-tuned models"][0]) >= 51
    by_key(at, "text_input", "prove-budgets").set_value("3,6").run()
    by_key(at, "number_input", "prove-seeds").set_value(2).run()
    assert "13 models to measure, 12 of them fine-tuned." in said(at)
    press(at, "prove")
    params = taken(started[0][0])
    assert (params["budget"], params["seeds"], params["held_out"]) == ("3,6", 2, 10)
    assert params["method"] == "random,longest-response,sae-greedy"


@pytest.mark.parametrize(
    ("kind", "key", "value", "told"),
    [
        ("text_input", "prove-budgets", "many", "A budget must be a whole number of at least 1, got 'many'."),
        ("text_input", "prove-budgets", "8,31", "The budget is 31, and 30 samples remain after those held out."),
        ("number_input", "prove-held_out", 21, "21 held-out samples are more than half of the 40"),
        ("multiselect", "prove-methods", ["random", "qdit"], "qdit needs a score column"),
    ],
)
def test_what_stands_against_a_proof(visit, cache, started, kind, key, value, told):
    unscored(cache)
    at = visit("proof")
    by_key(at, kind, key).set_value(value).run()
    assert told in said(at) and by_key(at, "button", "start-prove").disabled


def test_runs_that_go_without_quotas_and_boosts_say_so(visit, session, started):
    assert not any("without your" in said(visit(page)) for page in ("refinement", "proof"))
    workspace_of(session.store).quota("source:*<=50%")
    workspace_of(session.store).boost([2], 3.0)
    for page in ("refinement", "proof"):
        assert "without your 1 quota and 1 boost." in said(visit(page, lens="tokens"))


def test_a_model_that_is_gone_is_said(visit, cache, started):
    make_store(cache, config={"model": "/nowhere/lm", "sae": "", "hook_point": "h", "dtype": "float32",
                              "max_tokens": 64, "data": "data.jsonl"})  # fmt: skip
    for page in ("refinement", "proof"):
        assert "The model /nowhere/lm is not on this machine any more" in said(visit(page)).replace("\u2060", "")


def test_labels_need_an_endpoint(visit, started, monkeypatch):
    for name in LABELLER:
        monkeypatch.delenv(name, raising=False)
    at = visit("features")
    assert "Name the model" not in said(at)
    at.session_state["form-label"] = True
    at.run()
    assert "Name the model that is to make labels" in said(at) and by_key(at, "button", "start-label").disabled
    for name, value in LABELLER.items():
        monkeypatch.setenv(name, value)
    by_key(at, "text_input", "label-features").set_value("0,2").run()
    assert "requests with excerpts of the data to judge at" in said(at) and "OPENAI_API_KEY alone" in said(at)
    press(at, "label")
    arguments, title = started[0]
    params = taken(arguments)
    assert title == "Labels of 2 features of data.jsonl" and params["features"] == "0,2" and params["yes"]
    assert "secret" not in " ".join(arguments)


def test_a_method_without_its_score_offers_to_compute_one(visit, cache, started):
    unscored(cache)
    at = visit("budget", method="deita")
    assert at.title[0].value == "Budget"
    assert at.session_state["view"].spec.method == "sae-greedy" and "what follows is by sae-greedy" in said(at)
    press(at, "score")
    assert started == [(["score", "--store", KEY, "--columns", "ifd"], "ifd of data.jsonl")]
    by_key(at, "multiselect", "score-columns").set_value([]).run()
    assert "Choose at least one score." in said(at)


def test_an_old_store_offers_its_upgrade(visit, started):
    at = visit("overview")
    assert "The model does not run again." in said(at)
    press(at, "upgrade")
    assert started == [(["upgrade", "--store", KEY], "Upgrade of data.jsonl")]


def joining() -> None:
    from core.store.catalogue import store_titles
    from core.system.files import cache_dir
    from pages.parts.store_forms import join_form

    join_form(store_titles(cache_dir()), expanded=True)


def test_stores_are_joined_if_they_go_together(cache, started):
    assert not AppTest.from_function(joining).run().button
    settings = {**config_in(cache), "floor": 0.0}
    for i, key in enumerate(("1" * 16, "2" * 16, "3" * 16)):
        make_store(cache, key, config={**settings, "max_tokens": 64 + i // 2})
    at = AppTest.from_function(joining).run()
    assert "Joining takes two stores or more" in said(at) and by_key(at, "button", "start-join").disabled
    by_key(at, "multiselect", "join-stores").set_value(["1" * 16, "3" * 16]).run()
    assert "has max_tokens 65" in said(at)
    by_key(at, "multiselect", "join-stores").set_value(["1" * 16, "2" * 16]).run()
    assert "80 samples; " in said(at)
    press(at, "join")
    assert started == [(["join", "1" * 16, "2" * 16], "data.jsonl + data.jsonl")]


def unscored(cache: Path) -> None:
    """The store anew, of data without a score."""
    (cache / f"{KEY}.duckdb").unlink()
    records = [{name: value for name, value in record.items() if name != "score"} for record in alpaca(N)]
    tiny_store(
        cache, records, feature_sets(), n_features=F, config=config_in(cache), digests={"model": "m", "data": "d"}
    )


def ended() -> Job:
    """The newest job once it has ended."""
    until = time.monotonic() + 180
    while (newest := all_jobs()[0]).state in LIVING:
        assert time.monotonic() < until, newest
        time.sleep(0.1)
    return newest


@pytest.fixture
def real(visit, cache, tiny) -> SimpleNamespace:
    """The dashboard over a store of a real, tiny model."""
    (cache / f"{KEY}.duckdb").unlink()
    store = Path(shutil.copy(tiny.store, cache))
    return SimpleNamespace(key=store.stem, visit=visit)


@pytest.mark.slow
def test_a_score_is_computed_and_used(real):
    at = real.visit("budget", method="quality")
    press(at, "score")
    assert ended().state == "finished", ended().error
    by_key(at.run(), "selectbox", "quality_score").set_value("ifd").run()
    assert at.title[0].value == "Budget"


@pytest.mark.slow
def test_a_run_of_refinement_is_on_the_page_once_its_job_has_ended(real):
    at = real.visit("refinement")
    assert "An example, not your data" in said(at)
    at.session_state["refine-more"] = True
    at.run()
    for name, value in (("rounds", 1), ("budget", 3), ("new_tokens", 2)):
        by_key(at, "number_input", f"refine-{name}").set_value(value).run()
    press(at, "refine")
    assert ended().state == "finished", ended().error
    at.run()
    assert metrics(at)["Rounds"] == ("1 of 1", "finished") and "An example" not in said(at)


@pytest.mark.slow
def test_a_proof_is_on_the_page_once_its_job_has_ended(real):
    at = real.visit("proof")
    by_key(at, "multiselect", "prove-methods").set_value(["random"]).run()
    by_key(at, "number_input", "prove-seeds").set_value(1).run()
    press(at, "prove")
    assert ended().state == "finished", ended().error
    assert metrics(at.run())["Fine-tuned models"][0] == "1" and "An example" not in said(at)
