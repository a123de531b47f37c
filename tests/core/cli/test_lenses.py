"""Decisions of one lens do not touch what the other selects, previews and lists."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli.options import request
from core.explain.leaks import change, leaks
from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import TOPICS, alpaca, tiny_store

N, F = 20, 16


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Twenty samples with features and topics drawn at random."""
    rng = np.random.default_rng(3)
    features, topics = ([np.flatnonzero(row) for row in rng.random((N, n)) < 0.3] for n in (F, TOPICS))
    return tiny_store(tmp_path, alpaca(N), features, n_features=F, topics=topics)


@pytest.fixture
def machine(run, store):
    def machine(*arguments: str) -> object:
        done = run(*arguments, "--store", str(store), "--json")
        assert done.status == 0, done.err
        return json.loads(done.out)

    return machine


def test_a_veto_counts_in_its_lens_alone(run, machine, store: Path) -> None:
    before = {lens: machine("select", "--budget", "5", "--lens", lens) for lens in ("tokens", "topics")}
    machine("veto", "2", "--mode", "block", "--reason", "spam", "--lens", "topics")
    machine("veto", "3", "5")
    vetoes = {lens: request(store, budget="5", lens=lens)[2].vetoes for lens in ("tokens", "topics")}
    assert vetoes == {"topics": {2: "block"}, "tokens": {3: "ignore", 5: "ignore"}}
    workspace_of(open_store(store)).undo()
    assert machine("select", "--budget", "5") == before["tokens"]
    after = machine("select", "--budget", "5", "--lens", "topics")
    matrix = open_store(store).matrix(lens="topics")
    assert after["rows"] != before["topics"]["rows"] and not any(2 in matrix.row(row) for row in after["rows"])
    assert run("veto", "--lens", "topics", "2", "--lift", "--store", str(store)).out == "1 veto lifted (topics)\n"
    assert machine("select", "--budget", "5", "--lens", "topics") == before["topics"]


def test_a_preview_and_its_leaks_see_the_vetoes_of_their_lens(machine, store: Path) -> None:
    machine("veto", "0", "1", "--mode", "block")
    found = machine("veto", "1", "--preview", "--lens", "topics", "--budget", "6")
    session, _, spec = request(store, budget="6", lens="topics")
    before, after = session.selection(spec), session.selection(replace(spec, vetoes={1: "ignore"}))
    effect = change(session.matrix_of(spec), before, after, session.info)
    assert spec.vetoes == {} and found["features covered"] == list(effect.covered)
    assert found["samples leaving or entering"] == [len(effect.leaving), len(effect.entering)]
    assert [leak["feature"] for leak in found["leaks"]] == [
        leak.feature for leak in leaks(session.matrix_of(spec), {1})
    ]


def test_decisions_of_both_lenses_are_listed_kept_and_taken_over(run, machine, store: Path, tmp_path: Path) -> None:
    machine("veto", "4", "--lens", "topics", "--reason", "adverts")
    machine("veto", "4", "--mode", "block")
    workspace = workspace_of(open_store(store))
    workspace.label(4, "recipes", "topics")
    kept = tmp_path / "kept.json"
    found = machine("decisions", "--export", str(kept))
    assert found["vetoes"] == [
        {"lens": "topics", "feature": 4, "mode": "ignore", "reason": "adverts"},
        {"lens": "tokens", "feature": 4, "mode": "block", "reason": ""},
    ]
    assert [(la["lens"], la["feature"], la["label"]) for la in found["labels"]] == [("topics", 4, "recipes")]
    told = ["label of topic 4: “recipes”", "veto (block) on feature 4", "veto (ignore) on topic 4: “adverts”"]
    assert [step["description"] for step in found["history"]] == told
    assert machine("veto") == found["vetoes"][1:] and machine("veto", "--lens", "topics") == found["vetoes"][:1]
    for _ in range(3):
        workspace.undo()
    assert run("veto", "--lens", "topics", "--store", str(store)).out == "No vetoes (topics).\n"
    assert machine("decisions", "--import", str(kept))["vetoes"] == found["vetoes"]
