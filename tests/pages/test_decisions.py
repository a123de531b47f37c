"""The page of decisions: what stands, with its reason; lifted there; as a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.session.decided import bare
from core.session.preview import boosted, effect, vetoed
from core.session.session import Session, open_session, workspace_of
from core.system.shown import many
from tests.pages.conftest import listed, make_store, metrics, topic_sets


@pytest.fixture
def session(cache) -> Session:
    """A store with both lenses in place of the one without topics."""
    return open_session(make_store(cache, key="fedcba9876543210", topics=topic_sets()))


@pytest.fixture
def open_page(visit):
    """A page of that store, through topics."""
    return lambda page: visit(page, store="fedcba9876543210", lens="topics")


def frames(at):
    """The tables of the page as lists of rows."""
    return [f.value.to_dict("records") for f in at.dataframe]


def in_tab(at, name):
    """The table of a tab, which is opened."""
    at.session_state["decided-tab"] = name
    (frame,) = frames(at.run())
    return frame


def test_every_decision_is_listed_and_the_page_is_empty_without_any(open_page, session):
    workspace = workspace_of(session.store)
    assert [len(frame) for frame in frames(open_page("decisions"))] == []
    workspace.pin([4])
    workspace.ban([7, 9])
    workspace.note([4, 5], "look <again>")
    workspace.veto([1], "block", "adverts", "topics")
    workspace.boost([2], 3, "topics")
    workspace.veto([6], lens="tokens")
    workspace.save_set("poems", [1, 2, 3])
    workspace.tag([1, 2], "verse")
    workspace.quota("tag:verse <= 1")
    at = open_page("decisions")
    names = [tab.label for tab in at.tabs]
    assert names[:3] == ["Samples (4)", "Topics (2)", "Features (1)"]
    assert names[3:6] == ["Quotas (1)", "Tags (1)", "Sets (1)"]
    samples = listed(at, "decided").to_dict("records")
    topics, features, quotas, tags, sets, history = (in_tab(at, name) for name in [*names[1:6], "History"])
    assert [(r["row"], r["decision"], r["note"]) for r in samples] == [
        (4, "pinned", "look <again>"), (7, "banned", ""), (9, "banned", ""), (5, "", "look <again>"),
    ]  # fmt: skip
    assert samples[0]["now"] == "kept" and samples[1]["now"] == "left out" and samples[0]["when"][:2] == "20"
    assert [(r["topic"], r["decision"], r["why"]) for r in topics] == [
        (1, "excluded", "adverts"),
        (2, "weighs ×3", ""),
    ]
    assert [(r["feature"], r["decision"]) for r in features] == [(6, "ignored")]
    matrix = session.matrix_of(at.session_state.view.spec)
    assert topics[0]["samples"] == sum(1 in matrix.row(row) for row in range(matrix.n_samples))
    assert [(r["set"], r["samples"]) for r in sets] == [("poems", 3)]
    assert [(r["tag"], r["samples"]) for r in tags] == [("verse", 2)]
    assert quotas == [{"group": "tag verse", "quota": "at most 1 sample", "now": "held"}]
    assert len(history) == 9 and history[1]["step"].startswith("2 rows tagged")


def test_decisions_are_filtered_and_lifted_one_by_one_or_together(open_page, session):
    workspace = workspace_of(session.store)
    workspace.pin([4, 5])
    workspace.ban([7])
    workspace.note([5], "look again")
    workspace.veto([1], "block", "adverts", "topics")
    workspace.veto([2], "ignore", "spam", "topics")
    workspace.boost([1, 3], 3, "topics")
    at = open_page("decisions")
    at.text_input(key="decided").set_value("LOOK").run()
    assert [tab.label for tab in at.tabs][:2] == ["Samples (1)", "Topics (0)"]
    assert listed(at, "decided")["row"].tolist() == [5]
    at.text_input(key="decided").set_value(session.store.texts([7])[0][:11]).run()
    assert listed(at, "decided")["row"].tolist() == [7], "the text of the sample itself"
    at.text_input(key="decided").set_value("").run()
    at.pills(key="decided_kind").set_value("banned").run()
    assert listed(at, "decided")["row"].tolist() == [7]
    at.text_input(key="decided_since").set_value((datetime.now(UTC).date() + timedelta(2)).isoformat()).run()
    assert any(info.value.startswith("No matches") for info in at.info)
    at.text_input(key="decided_since").set_value("yesterday").run()
    assert any("yesterday is not a day such as" in caption.value for caption in at.caption)
    at.text_input(key="decided_since").set_value("").run()
    at.session_state["decided-tab"] = "Topics (3)"
    at.run()
    assert [frame["topic"] for frame in frames(at)[0]] == [1, 2, 3]
    at.button(key="lift-topics").click().run()
    before = at.session_state.view.spec
    then = boosted(vetoed(before, [1, 2, 3], ""), [1, 2, 3], 1.0)
    found, told = effect(session, before, then), metrics(at)
    assert told["Samples leave"][0] == str(len(found.leaving)) != "0"
    assert told["Samples enter"][0] == str(len(found.entering))
    at.text_input(key="decided").set_value("spam").run()
    at.button(key="lift-topics").click().run()
    assert workspace.state().of("topics").vetoes == {1: "block"}


def test_the_samples_of_a_set_stand_below_it_and_its_tab_stays_open(open_page, session):
    workspace = workspace_of(session.store)
    for name in ("poems", "songs"):
        workspace.save_set(name, [3, 1, 2])
    at = open_page("decisions")
    in_tab(at, "Sets (2)")
    at.session_state["decisions-sets"] = {"selection": {"rows": [], "columns": [], "cells": [[0, "set"]]}}
    assert listed(at.run(), "set")["row"].tolist() == [3, 1, 2]
    at.button(key="delete-set").click().run()
    assert [row["set"] for row in frames(at)[0]] == ["songs"]


def test_decisions_after_a_step_are_undone_but_not_what_was_saved(open_page, session):
    workspace = workspace_of(session.store)
    workspace.pin([4])
    workspace.ban([7, 9])
    workspace.save_selection("mine", {"budget": 3})
    workspace.ban([5])
    at = open_page("decisions")
    in_tab(at, "History")
    at.session_state["decisions-history"] = {"selection": {"rows": [], "columns": [], "cells": [[3, "when"]]}}
    at.run()
    at.button(key="undo-to").click().run()
    state = workspace.state()
    assert (state.pins, state.bans, list(state.selections)) == ((4,), (), ["mine"])
    assert state.next_redo == "2 rows banned"


def test_what_all_decisions_change_is_told(open_page, session):
    at = open_page("decisions")
    row = int(at.session_state.view.selection.rows[0])
    workspace_of(session.store).ban([row])
    now = open_page("decisions").session_state.view
    found = effect(session, bare(now.spec), now.spec)
    assert row in found.leaving.tolist()
    text = f"Without these decisions {many(len(found.entering), 'kept sample')} would not be kept"
    assert any(m.value.startswith(text) for m in open_page("decisions").markdown)


def test_a_boost_counts_in_the_selection_that_pages_show(open_page, session):
    workspace_of(session.store).boost([0], 10, "topics")
    view = open_page("overview").session_state.view
    assert view.spec.boosts == {0: 10.0}
    assert 0 in session.matrix_of(view.spec).row(int(view.selection.rows[0]))
