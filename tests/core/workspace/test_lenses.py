"""Decisions on features belong to a lens; those recorded before there was more than one are on tokens."""

import json
import sqlite3

from core.workspace.log import TABLE, Workspace

OLD_EVENTS = [
    ("veto", {"features": [3, 5], "mode": "block", "reason": "spam"}),
    ("unveto", {"features": [5]}),
    ("label", {"feature": 3, "text": "adverts", "date": "2026-01-02T03:04:05.678+00:00"}),
    ("label", {"feature": 4, "text": "without a date"}),
    ("import", {"steps": [["veto", {"features": [7], "mode": "ignore", "reason": ""}], ["pin", {"rows": [1]}]]}),
]
OLD_FILE = {
    "vetoes": {"3": "block", "7": "ignore"},
    "reasons": {"3": "spam"},
    "pins": [1],
    "bans": [],
    "labels": {"3": "adverts"},
    "dates": {"3": "2026-01-02T03:04:05.678+00:00"},
    "notes": {"2": "look again"},
    "selections": {"mine": {"budget": 3}},
    "store": "store",
}


def test_decisions_of_one_lens_leave_the_other_alone(workspace):
    workspace.veto([7], "block", "spam")
    workspace.label(12, "commas")
    before = workspace.state().of("tokens")
    workspace.veto([7, 12], lens="topics")
    workspace.label(12, "recipes", lens="topics")
    workspace.unveto([7], lens="topics")
    state = workspace.state()
    assert state.of("tokens") == before
    assert (state.of("topics").vetoes, state.of("topics").labels) == ({12: "ignore"}, {12: "recipes"})
    workspace.unveto([7, 12])
    assert workspace.state().of("tokens").vetoes == {} and workspace.state().of("topics") == state.of("topics")


def test_undo_and_redo_go_through_the_lenses_in_the_order_of_the_decisions(workspace):
    workspace.veto([12], reason="adverts", lens="topics")
    workspace.veto([7])
    workspace.label(12, "recipes", lens="topics")
    workspace.unveto([7, 8])
    told = ["veto lifted from 2 features", "label of topic 12: “recipes”", "veto (ignore) on feature 7"]
    told.append("veto (ignore) on topic 12: “adverts”")
    assert [event.description for event in workspace.history()] == told
    assert [workspace.undo() for _ in range(3)] == told[:3]
    state = workspace.state()
    assert state.of("topics").vetoes == {12: "ignore"} and state.of("tokens").vetoes == {}
    assert [workspace.redo() for _ in range(2)] == told[2:0:-1]
    state = workspace.state()
    assert state.of("topics").labels == {12: "recipes"} and state.of("tokens").vetoes == {7: "ignore"}


def test_a_veto_that_stands_in_one_lens_is_news_in_the_other(workspace):
    workspace.veto([7], lens="topics")
    workspace.veto([7], lens="topics")
    workspace.veto([7], lens="tokens")
    assert len(workspace.history()) == 2


def test_a_workspace_written_before_there_were_lenses(tmp_path):
    with sqlite3.connect(tmp_path / "w.sqlite") as db:
        db.execute(TABLE)
        for number, (action, detail) in enumerate(OLD_EVENTS, 1):
            row = ("store", f"2026-01-02T03:04:0{number}.000+00:00", action, json.dumps(detail), "done", number)
            db.execute(
                "INSERT INTO events(store, time, action, detail, status, version) VALUES (?, ?, ?, ?, ?, ?)", row
            )
    db.close()
    workspace = Workspace(tmp_path / "w.sqlite", "store")
    own = workspace.state().of("tokens")
    assert (own.vetoes, own.reasons) == ({3: "block", 7: "ignore"}, {3: "spam"})
    assert (own.labels, own.dates) == ({3: "adverts", 4: "without a date"}, {3: "2026-01-02T03:04:05.678+00:00"})
    assert workspace.state().of("topics") == type(own)() and workspace.state().pins == (1,)
    told = [event.description for event in workspace.history()]
    assert told[:2] == ["2 decisions imported", "label of feature 4: “without a date”"]
    assert told[3:] == ["veto lifted from feature 5", "veto (block) on 2 features: “spam”"]
    assert workspace.undo() == told[0] and workspace.state().of("tokens").vetoes == {3: "block"}


def test_a_file_of_decisions_written_before_there_were_lenses(workspace, tmp_path):
    (tmp_path / "old.json").write_text(json.dumps(OLD_FILE))
    workspace.veto([3], lens="topics")
    workspace.import_json(tmp_path / "old.json")
    state, own = workspace.state(), workspace.state().of("tokens")
    assert (own.vetoes, own.reasons) == ({3: "block", 7: "ignore"}, {3: "spam"})
    assert (own.labels, own.dates) == ({3: "adverts"}, {3: "2026-01-02T03:04:05.678+00:00"})
    assert (state.pins, state.notes, state.selections) == ((1,), {2: "look again"}, {"mine": {"budget": 3}})
    assert state.of("topics").vetoes == {3: "ignore"} and workspace.undo() == "5 decisions imported"
