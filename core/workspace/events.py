"""A decision as the history lists it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from core.errors import SelectionError
from core.workspace.actions import ACTIONS


@dataclass(frozen=True)
class Event:
    """One decision; `time` is UTC in ISO format. `undone` ones have no effect now."""

    id: int
    time: str
    action: str
    description: str
    undone: bool


def told(action: str, detail: str) -> str:
    """The description of an event, of a damaged one too."""
    try:
        return ACTIONS[action].tell(json.loads(detail))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, SelectionError):
        return "a damaged decision"
