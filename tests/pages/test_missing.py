"""The page of what is missing: the figures and the list of core, what stands against it, and the candidates."""

from __future__ import annotations

import pytest
import typer

from core.cli.app import app
from core.session.session import workspace_of
from core.studies.missing.kept_candidates import append, candidates_file
from core.studies.missing.sides import study
from pages.parts import start
from tests.factories import KEY, alpaca, tiny_store
from tests.hostile import HOSTILE
from tests.pages.conftest import F, N, box, config_in, feature_sets, make_store, metrics

OTHER = "fedcba9876543210"
ENDPOINT = {"SAELECT_LABEL_MODEL": "writer", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "secret"}


@pytest.fixture
def other(cache):
    """A second store of the same model, whose samples are hostile and each have a feature that is nobody's here."""
    (cache / "other").mkdir()
    sets = [{**own, F - 1: 1.0 + row} for row, own in enumerate(feature_sets(5))]
    records = [{**record, "output": HOSTILE[i % len(HOSTILE)]} for i, record in enumerate(alpaca(N))]
    digests = {"model": "m", "sae": "s", "data": "e"}
    path = tiny_store(cache / "other", records, sets, n_features=F, key=OTHER, config=config_in(cache), digests=digests)
    return path.rename(cache / path.name)


def said(at) -> str:
    """What a page tells beside its figures."""
    return "\n".join(part.value for part in [*at.caption, *at.warning, *at.info, *at.markdown]).replace("\\", "")


def table(at, key):
    """A table of a page by its key."""
    return next(frame for frame in at.dataframe if frame.key == key).value


def test_without_a_reference_the_page_says_what_would_be_one(visit):
    at = visit("missing")
    assert "There is nothing to compare with yet" in at.info[0].value
    links = [link.proto.label for link in at.get("page_link")]
    assert links[-2:] == ["Read another data set", "Search samples for a set"]


def test_the_list_and_the_figures_are_those_of_core(visit, session, other):
    workspace_of(session.store).save_set("few", [1, 2, 3])
    at = visit("missing", store=KEY)
    view = at.session_state.view
    _, found = study(session, view.spec, view.state, f"store:{OTHER}")
    shown = table(at, "missing-table")
    assert shown[view.noun].tolist() == found.feature.tolist() and shown[view.noun][0] == F - 1
    assert shown["to collect"].tolist() == found.add.tolist() and shown["here"][0] == 0 and shown["there"][0] == 100
    assert metrics(at)["Missing or far rarer"][0] == str(len(found.feature))
    assert metrics(at)[f"The reference's {view.noun}s here"][0] == f"{found.covered:.1%}"
    assert f"Collect about {N} samples" in said(at)
    box(at, "Reference").set_value("set:few").run()
    assert not at.exception
    _, found = study(session, view.spec, view.state, "set:few")
    assert metrics(at)["Missing or far rarer"][0] == str(len(found.feature))


def test_the_examples_are_the_reference_s_and_harmless(visit, other):
    at = visit("missing", store=KEY)
    (shown,) = (part.proto.body for part in at.get("html") if "Row 39 of the reference" in part.proto.body)
    assert shown.index("Row 39") < shown.index("Row 38"), "the strongest first"
    assert "&lt;svg" in shown and "<svg" not in shown and "<img" not in shown


def test_a_reference_of_another_model_is_none(visit, cache, other):
    (cache / "stranger").mkdir()
    key = "2222222222222222"
    make_store(cache / "stranger", key, digests={"model": "x", "sae": "s", "data": "d"}).rename(cache / f"{key}.duckdb")
    assert [option[-4:] for option in box(visit("missing", store=KEY), "Reference").options] == [OTHER[:4]]


def test_candidates_are_asked_for_by_a_command_and_shown(visit, cache, other, monkeypatch):
    for name, value in ENDPOINT.items():
        monkeypatch.setenv(name, value)
    started: list = []
    monkeypatch.setattr(start, "start", lambda arguments, title: started.append((list(arguments), title)))
    record = {"messages": [{"role": "user", "content": HOSTILE[0]}, {"role": "assistant", "content": "yes"}],
              "synthetic": True, "feature": F - 1, "name": HOSTILE[1], "value": 2.5}  # fmt: skip
    append(candidates_file(KEY, "tokens"), record)
    at = visit("missing", store=KEY)
    assert table(at, "candidates-table")["prompt"].tolist() == [HOSTILE[0]] and "1 candidate in which" in said(at)
    at.session_state["candidates-table"] = {"selection": {"rows": [], "columns": [], "cells": [[0, "value"]]}}
    at.run()
    assert any("&lt;img src=x" in part.proto.body and "yes" in part.proto.body for part in at.get("html"))
    at.session_state["form-missing"] = True
    at.run()
    assert "excerpts of the data to writer at" in said(at).replace("\u2060", "")
    next(button for button in at.button if button.key == "start-missing").click().run()
    ((arguments, title),) = started
    assert title == "Candidates for 2 features missing in data.jsonl" and "secret" not in " ".join(arguments)
    command = typer.main.get_command(app).commands["missing"]
    with command.make_context("missing", arguments[1:]) as context:
        asked = context.params
    assert (asked["against"], asked["of"], asked["write"]) == (f"store:{OTHER}", "all", 5) and asked["yes"]
    assert asked["features"].startswith(f"{F - 1}, ") and asked["theta"] == at.session_state.view.spec.theta
    features = next(text for text in at.text_input if text.key.startswith("missing-features"))
    features.set_value("0").run()
    assert "'0' is not missing" in said(at)
