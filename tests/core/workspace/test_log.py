"""Decisions: undo and redo against a plain list, several processes at once, files."""

from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SaelectError, SelectionError
from core.workspace.log import Workspace

FEATURES = st.integers(0, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("veto"), FEATURES, st.sampled_from(["ignore", "block"])),
        st.tuples(st.sampled_from(["unveto", "pin", "unpin", "ban", "unban"]), FEATURES),
        st.tuples(st.sampled_from(["undo", "redo"])),
    ),
    max_size=25,
)


def apply(model: dict, step: tuple) -> dict:
    """The oracle: what one decision makes of {vetoes, pins, bans}."""
    vetoes, pins, bans = dict(model["vetoes"]), list(model["pins"]), set(model["bans"])
    action, number = step[0], step[1]
    if action == "veto":
        vetoes[number] = step[2]
    if action == "unveto":
        vetoes.pop(number, None)
    if action in ("unpin", "ban") and number in pins:
        pins.remove(number)
    if action in ("unban", "pin"):
        bans.discard(number)
    if action == "pin" and number not in pins:
        pins.append(number)
    if action == "ban":
        bans.add(number)
    return {"vetoes": vetoes, "pins": pins, "bans": bans}


@settings(max_examples=40)
@given(STEPS)
def test_undo_and_redo_follow_a_list_of_states(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w") / "w.sqlite", "key")
    states, at = [{"vetoes": {}, "pins": [], "bans": set()}], 0
    for step in steps:
        if step[0] == "undo":
            assert (workspace.undo() is None) == (at == 0)
            at = max(at - 1, 0)
        elif step[0] == "redo":
            assert (workspace.redo() is None) == (at == len(states) - 1)
            at = min(at + 1, len(states) - 1)
        else:
            getattr(workspace, step[0])([step[1]], **({"mode": step[2]} if len(step) == 3 else {}))
            after = apply(states[at], step)
            if after != states[at]:
                states, at = [*states[: at + 1], after], at + 1
        found = workspace.state()
        assert (dict(found.vetoes), list(found.pins), set(found.bans)) == tuple(states[at].values())
        assert (found.can_undo, found.can_redo) == (at > 0, at < len(states) - 1)


def many(path: Path, first: int) -> None:
    """A hundred decisions of one process."""
    workspace = Workspace(path, "key")
    for i in range(100):
        workspace.label(first + i, f"label {i}")


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    path, context = tmp_path / "w.sqlite", multiprocessing.get_context("spawn")
    processes = [context.Process(target=many, args=(path, first)) for first in (0, 1000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    assert len(Workspace(path, "key").state().labels) == 200


def test_decisions_survive_and_belong_to_one_store(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w.sqlite", "one")
    workspace.veto([3, 5], mode="block", reason="spam")
    workspace.label(3, "advertising")
    workspace.note(7, "look again")
    workspace.save_selection("small", {"budget": 10})
    again = Workspace(tmp_path / "w.sqlite", "one").state()
    assert (dict(again.vetoes), dict(again.reasons)) == ({3: "block", 5: "block"}, {3: "spam", 5: "spam"})
    assert (dict(again.labels), dict(again.notes)) == ({3: "advertising"}, {7: "look again"})
    assert again.selections["small"]["budget"] == 10
    assert not Workspace(tmp_path / "w.sqlite", "two").state().vetoes
    assert workspace.history()[0].action == "save_selection"


def test_no_event_is_ever_deleted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w.sqlite", "key")
    for feature in range(3):
        workspace.veto([feature])
    workspace.undo()
    workspace.undo()
    workspace.pin([1])
    assert len(workspace.history()) == 4
    assert not workspace.state().can_redo
    assert dict(workspace.state().vetoes) == {0: "ignore"}


def test_export_and_import_as_json(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w.sqlite", "key")
    workspace.veto([1], mode="block", reason="why not")
    workspace.ban([2])
    workspace.label(1, "</script>")
    workspace.export_json(tmp_path / "decisions.json")
    other = Workspace(tmp_path / "other.sqlite", "key")
    other.import_json(tmp_path / "decisions.json")
    mine, theirs = vars(workspace.state()), vars(other.state())
    for part in ("vetoes", "reasons", "pins", "bans", "labels", "dates"):
        assert mine[part] == theirs[part]
    assert mine["dates"][1][:2] == "20"
    other.undo()
    assert not other.state().vetoes


@pytest.mark.parametrize("content", ["", "[]", "{", '{"store": "key", "vetoes": {"x": "ignore"}}'])
def test_a_file_that_is_none_gets_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(SaelectError, match="bad\\.json") as error:
        Workspace(tmp_path / "w.sqlite", "key").import_json(tmp_path / "bad.json")
    assert "\n" not in str(error.value)


def test_mistakes_get_one_sentence(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w.sqlite", "key")
    with pytest.raises(SelectionError, match="ignore, block"):
        workspace.veto([1], mode="never")
    with pytest.raises(SelectionError, match="at least 0"):
        workspace.pin([-1])
    assert not workspace.history()


def test_a_file_that_is_no_workspace_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "w.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises((SaelectError, sqlite3.DatabaseError)) as error:
        Workspace(tmp_path / "w.sqlite", "key")
    assert isinstance(error.value, SaelectError)
