"""The page of saved selections: save, load, compare, rename, duplicate, delete and bring back."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from core.selection.specs import spec_dict, spec_from
from core.session.session import workspace_of
from core.studies.saved_selections import pair
from tests.pages.conftest import metrics


def press(at, label):
    """Press the button of a label."""
    next(b for b in at.button if b.label == label).click().run()


def loading(at):
    """The parameters of the link that loads."""
    address = next(m for m in (re.search(r"href='budget\?(.*?)'", h.proto.body) for h in at.get("html")) if m)
    return dict(parse_qsl(address[1].replace("&amp;", "&")))


def choose_first(at):
    """Choose the first row of the table, which AppTest cannot click."""
    at.session_state["saved-selections"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()


def test_a_saved_selection_is_compared_with_the_present_one(visit, session):
    at = visit("selections", budget=6)
    at.text_input(key="saved-name").set_value("small").run()
    press(at, "Save")
    spec = at.session_state.view.spec
    assert spec_from(workspace_of(session.store).state().selections["small"]) == spec
    at = visit("selections", budget=9, method="random")
    now = at.session_state.view
    found = pair(now.matrix, session.selection(spec).rows, now.selection.rows, session.info.tokens)
    figures = metrics(at)
    assert figures["Samples"] == ("6 → 9", f"{len(found.both)} in both")
    noun = now.noun.capitalize()
    assert figures[f"{noun}s covered"][1] == f"{len(found.gained)} gained, {len(found.lost)} lost"
    shown = [f.value["row"].tolist() for f in at.dataframe if "row" in f.value]
    assert shown == [rows.tolist() for rows in (found.only_one, found.only_two) if len(rows)]


def test_the_link_of_a_saved_selection_leads_to_that_selection(visit, session):
    workspace = workspace_of(session.store)
    at = visit("selections", budget=7, method="random", seed=3, theta=1.5)
    view = at.session_state.view
    assert (view.spec.theta, view.spec.seed) == (1.5, 3)
    workspace.save_selection("mine", spec_dict(view.selection))
    at = visit("selections")
    choose_first(at)
    again = visit("budget", **loading(at)).session_state.view
    assert again.spec == view.spec and again.selection.rows.tolist() == view.selection.rows.tolist()


def test_rename_duplicate_delete_and_bring_back(visit, session):
    workspace = workspace_of(session.store)
    view = visit("selections").session_state.view
    workspace.save_selection("mine", spec_dict(view.selection))
    workspace.pin([3])
    at = visit("selections")
    choose_first(at)
    at.text_input(key="rename-to-mine").set_value("ours").run()
    press(at, "Rename it")
    choose_first(at)
    press(at, "Duplicate it")
    assert list(workspace.state().selections) == ["ours", "ours (copy)"]
    choose_first(at)
    press(at, "Delete")
    assert list(workspace.state().selections) == ["ours (copy)"]
    assert workspace.state().next_undo == "row 3 pinned", "undo takes decisions back, not what was saved"
    press(at, "Bring it back")
    assert list(workspace.state().selections) == ["ours (copy)", "ours"]
    assert spec_from(workspace.state().selections["ours"]) == view.spec
