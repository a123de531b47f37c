"""The page of saved selections: save, load, compare, rename, duplicate, delete and bring back."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from urllib.parse import parse_qsl

from core.selection.specs import spec_dict, spec_from
from core.session.session import workspace_of
from core.studies.saved_selections import pair
from tests.pages.conftest import box, listed, make_store, metrics

OTHER, QUOTAS = "fedcba9876543210", ("length:short<=10%",)


def press(at, label):
    """Press the button of a label."""
    next(b for b in at.button if b.label == label).click().run()


def loading(at):
    """The parameters of the link that loads."""
    address = next(m for m in (re.search(r"href='budget\?(.*?)'", h.proto.body) for h in at.get("html")) if m)
    return dict(parse_qsl(address[1].replace("&amp;", "&")))


def choose(at, row=0):
    """Choose a row of the table, which AppTest cannot click."""
    names = "\n".join(at.session_state.view.state.selections)
    key = f"saved-selections-{zlib.crc32(names.encode())}"
    at.session_state[key] = {"selection": {"rows": [], "columns": [], "cells": [[row, "name"]]}}
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
    for key, rows in (("only-0", found.only_one), ("only-1", found.only_two)):
        assert listed(at, key)["row"].tolist() == rows.tolist() and len(rows)


def test_the_link_of_a_saved_selection_leads_to_that_selection(visit, session):
    workspace = workspace_of(session.store)
    at = visit("selections", budget=7, method="random", seed=3, theta=1.5)
    view = at.session_state.view
    assert (view.spec.theta, view.spec.seed) == (1.5, 3)
    workspace.save_selection("mine", spec_dict(view.selection))
    at = visit("selections")
    choose(at)
    again = visit("budget", **loading(at)).session_state.view
    assert again.spec == view.spec and again.selection.rows.tolist() == view.selection.rows.tolist()


def test_the_decisions_of_a_saved_selection_are_taken_over(visit, session):
    workspace = workspace_of(session.store)
    workspace.pin([3])
    workspace.ban([5], "boilerplate")
    view = visit("selections", budget=7).session_state.view
    workspace.save_selection("mine", spec_dict(view.selection))
    at = visit("selections", budget=7)
    choose(at)
    assert not [b for b in at.button if b.key == "take-over"]
    workspace.lift([3, 5])
    workspace.pin([8])
    at = visit("selections", budget=7)
    choose(at)
    assert at.button(key="take-over").help.startswith("2 decisions in the place of those of now")
    at.button(key="take-over").click().run()
    assert (workspace.state().pins, workspace.state().bans) == ((3,), (5,))
    again = visit("budget", **loading(at)).session_state.view
    assert again.spec == view.spec and again.selection.rows.tolist() == view.selection.rows.tolist()


def test_rename_duplicate_delete_and_bring_back(visit, session):
    workspace = workspace_of(session.store)
    view = visit("selections").session_state.view
    workspace.save_selection("mine", spec_dict(view.selection))
    workspace.pin([3])
    at = visit("selections")
    choose(at)
    at.text_input(key="rename-to-mine").set_value("ours").run()
    press(at, "Rename it")
    choose(at)
    press(at, "Duplicate it")
    assert list(workspace.state().selections) == ["ours", "ours (copy)"]
    choose(at)
    press(at, "Delete")
    assert list(workspace.state().selections) == ["ours (copy)"]
    assert workspace.state().next_undo == "row 3 pinned", "undo takes decisions back, not what was saved"
    press(at, "Bring it back")
    assert list(workspace.state().selections) == ["ours (copy)", "ours"]
    assert spec_from(workspace.state().selections["ours"]) == view.spec


def test_what_was_deleted_comes_back_into_its_own_data_set(visit, cache, session):
    (cache / "other").mkdir()
    make_store(cache / "other", OTHER, 1).rename(cache / f"{OTHER}.duckdb")
    view = visit("selections", store=session.store.key).session_state.view
    workspace_of(session.store).save_selection("mine", spec_dict(view.selection))
    at = visit("selections", store=session.store.key)
    choose(at)
    press(at, "Delete")
    box(at, "Data set").set_value(OTHER).run()
    assert "Bring it back" not in [b.label for b in at.button]
    box(at, "Data set").set_value(session.store.key).run()
    press(at, "Bring it back")
    assert list(workspace_of(session.store).state().selections) == ["mine"]


def test_a_selection_that_names_a_set_is_loaded(visit, session):
    workspace = workspace_of(session.store)
    workspace.save_set("good ones", [3, 4, 5])
    asked = {"method": "reference-guided", "reference-guided_reference": "set:good ones"}
    at = visit("selections", **asked)
    assert not at.warning
    view = at.session_state.view
    assert view.spec.sets == {"set:good ones": (3, 4, 5)}
    workspace.save_selection("mine", spec_dict(view.selection))
    workspace.save_selection("quotas", spec_dict(replace(view.selection, spec=replace(view.spec, quotas=QUOTAS))))
    at = visit("selections")
    choose(at)
    assert loading(at).items() >= asked.items()
    assert visit("budget", **loading(at)).session_state.view.spec == view.spec
    assert not [b for b in at.button if b.key == "take-over"]
    choose(at, 1)
    assert at.button(key="take-over").help.startswith("1 decision in the place of those of now")


def test_a_set_that_is_gone_is_told(visit, session):
    workspace = workspace_of(session.store)
    workspace.save_set("good ones", [3, 4, 5])
    at = visit("budget", method="reference-guided", **{"reference-guided_reference": "set:good ones"})
    workspace.delete_set("good ones")
    at.run()
    assert not at.exception and at.session_state.view.spec.sets == {}
    assert "goes by examples, and none are chosen yet" in at.warning[0].value
