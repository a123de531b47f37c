"""Every page in app.PAGES draws over a small store, and a click on a row of a table leads on."""

from dataclasses import replace

import numpy as np
import pytest

import app
from core.refine.runs import RefineConfig
from core.schema import SelectionSpec
from core.session.budgets import random_draws
from core.studies.beyond_length import beyond_lines, random_with_tokens
from core.studies.length import scope_tokens
from tests.made_runs import unfinished, write_proof, write_refinement
from tests.pages.conftest import metrics

TITLES = {"overview": "Keep the samples that teach the most"}
CLICKS = [
    ("coverage", "coverage-common", "feature", "Open feature {}"),
]


@pytest.fixture
def runs(session):
    """A finished run of refinement, one that is not, and a proof."""
    config = RefineConfig(session.store.key, 2, 12, k=3, theta=session.default_theta()[0])
    begun = replace(unfinished(config), train=replace(config.train, seed=1, max_tokens=64))
    write_proof(session, budgets=(4, 8))
    return write_refinement(session, begun, ["an answer"], 2), write_refinement(session, config, ["an answer"], 2)


@pytest.mark.parametrize(("name", "title"), [(name, TITLES.get(name, title)) for name, title, _ in app.PAGES])
def test_every_page_draws_without_and_with_runs(visit, runs, name, title):
    at = visit(name)
    assert at.title[0].value == title
    assert not at.error
    assert at.caption or at.info


@pytest.mark.parametrize(("page", "table", "column", "label"), CLICKS)
def test_a_click_on_a_row_gives_the_link_to_it(visit, page, table, column, label):
    at = visit(page)
    frame = next(f for f in at.dataframe if f.key == table)
    at.session_state[table] = {"selection": {"rows": [], "columns": [], "cells": [[1, column]]}}
    at.run()
    links = [link.proto.label for link in at.get("page_link")]
    assert label.format(frame.value[column].iloc[1]) in links


def test_a_row_that_is_no_longer_in_the_table_is_not_clicked(visit):
    at = visit("coverage", budget=3)
    frame = next(f for f in at.dataframe if f.key == "coverage-common")
    beyond = [[len(frame.value), "feature"]]
    at.session_state["coverage-common"] = {"selection": {"rows": [], "columns": [], "cells": beyond}}
    at.run()
    assert not at.exception
    assert not [link for link in at.get("page_link") if link.proto.label.startswith("Open feature")]


def test_the_runs_are_told_apart_and_the_unfinished_one_has_its_command(visit, runs, session):
    begun, finished = runs
    at = visit("refinement", run=finished.config.folder.name)
    assert metrics(at)["Rounds"][0] == "2 of 2"
    assert metrics(at)["Samples"][0] == str(len(finished.rows))
    at = visit("refinement", run=begun.config.folder.name)
    assert metrics(at)["Rounds"][0] == "2 of 3"
    assert any("2 of 3 rounds are finished" in w.value for w in at.warning)


def test_beyond_length_compares_selections_of_one_size(session):
    theta = session.default_theta()[0]
    spec = SelectionSpec("sae-greedy", 8, theta=theta)
    lines = {line.name: line for line in beyond_lines(session, spec, scope_tokens(session.store, "all"))}
    assert [line.samples for line in lines.values()] == [8] * 5
    spent = int(session.info.tokens[session.selection(spec).rows].sum())
    draws = random_draws(session, replace(spec, unit="tokens", budget=spent))
    covered = [draw.covered_after[-1] for draw in draws]
    assert len(covered) == 20 and random_with_tokens(session, spec, spent) == np.median(covered)
    greedy = session.selection(spec)
    assert lines["sae-greedy"].covered == greedy.covered_after[-1] >= max(x.covered for x in lines.values())
    longest = session.selection(replace(spec, method="longest-response")).rows
    assert lines["longest-response"].mean_tokens == session.info.tokens[longest].mean()
    assert np.isfinite([line.r for line in lines.values()]).all()
