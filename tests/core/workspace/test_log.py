"""The log of decisions: several processes at once, its history, and files that are none."""

import multiprocessing
from datetime import datetime, timedelta

import numpy as np
import pytest

from core.errors import DamagedError
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace


def pin_many(path, first, n):
    workspace = Workspace(path, "store")
    for row in range(first, first + n):
        workspace.pin([row])


def open_at_once(barrier, folder, n):
    for i in range(n):
        barrier.wait(60)
        Workspace(folder / f"{i}.sqlite", "store").pin([0])


def test_processes_may_begin_a_workspace_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [context.Process(target=open_at_once, args=(barrier, tmp_path, 30)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [p.exitcode for p in processes] == [0, 0]


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    path, context = tmp_path / "w.sqlite", multiprocessing.get_context("spawn")
    processes = [context.Process(target=pin_many, args=(path, first, 100)) for first in (0, 1000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [p.exitcode for p in processes] == [0, 0]
    workspace = Workspace(path, "store")
    assert set(workspace.state().pins) == {*range(100), *range(1000, 1100)}
    assert workspace.state().version == len(workspace.history(500)) == 200


def test_history_keeps_what_was_discarded(workspace):
    workspace.veto([3], "block", "spam")
    workspace.pin(np.array([1, 2]))
    assert workspace.undo() == "2 rows pinned"
    workspace.label(np.int32(3), " adverts ")
    assert workspace.redo() is None
    told = [(e.action, e.description, e.undone) for e in workspace.history(10)]
    assert told == [
        ("label", "label of feature 3: “adverts”", False),
        ("pin", "2 rows pinned", True),
        ("veto", "veto (block) on feature 3: “spam”", False),
    ]
    assert len(workspace.history(1)) == 1
    times = [datetime.fromisoformat(e.time) for e in workspace.history(10)]
    assert times == sorted(times, reverse=True)
    assert times[0].utcoffset() == timedelta(0)


def test_no_event_is_ever_deleted(workspace):
    for feature in range(3):
        workspace.veto([feature])
    workspace.undo()
    workspace.undo()
    workspace.pin([1])
    assert len(workspace.history()) == 4
    assert not workspace.state().next_redo
    assert workspace.state().of("tokens").vetoes == {0: "ignore"}


def test_decisions_survive(workspace):
    workspace.veto([3, 5], mode="block", reason="spam")
    workspace.label(3, "advertising")
    workspace.note([7], "look again")
    workspace.save_selection("small", {"budget": 10})
    again = Workspace(workspace.path, "store").state()
    own = again.of("tokens")
    assert (own.vetoes, own.reasons) == ({3: "block", 5: "block"}, {3: "spam", 5: "spam"})
    assert (own.labels, again.notes) == ({3: "advertising"}, {7: "look again"})
    assert again.selections["small"]["budget"] == 10
    assert workspace.history()[0].action == "save_selection"


def test_stores_in_one_file_keep_apart(workspace):
    other = Workspace(workspace.path, "other")
    workspace.pin([1])
    workspace.veto([3])
    assert other.state() == WorkspaceState() and other.undo() is None and other.history() == []


@pytest.mark.parametrize("content", ["not a database", "this is not a database, however long it may be"])
def test_a_file_that_is_no_workspace(tmp_path, content):
    (tmp_path / "w.sqlite").write_text(content * 100)
    with pytest.raises(DamagedError, match=r"cannot be read, the file is damaged: it is kept as \w+\.sqlite\.damaged"):
        Workspace(tmp_path / "w.sqlite", "store")


def test_the_version_is_that_of_the_state(workspace):
    assert workspace.version() == 0
    for change in (lambda: workspace.pin([1]), lambda: workspace.ban([1]), workspace.undo, workspace.redo):
        change()
        assert workspace.version() == workspace.state().version
