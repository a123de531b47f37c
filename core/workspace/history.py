"""Back to a step of the history: the decisions that were taken after it, and their undoing."""

from __future__ import annotations

import sys
from itertools import takewhile

from core.workspace.actions import UNDOABLE
from core.workspace.events import Event
from core.workspace.log import Workspace


def decisions_after(workspace: Workspace, event: Event) -> int:
    """How many decisions that stand were taken after an event: so many times undo leads back to it."""
    newer = takewhile(lambda one: one.id > event.id, workspace.history(sys.maxsize))
    return sum(not one.undone and one.action in UNDOABLE for one in newer)


def back_to(workspace: Workspace, event: Event) -> None:
    """Undo the decisions that were taken after an event."""
    for _ in range(decisions_after(workspace, event)):
        workspace.undo()
