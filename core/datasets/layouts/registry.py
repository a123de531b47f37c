"""How a record says who speaks, in every layout that is read.

A new layout goes here, by one function and one entry in `LAYOUTS`. The function takes a record and `Columns` and
returns the turns with the columns that it read them from, None for a record of another layout; it raises RowError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from core.datasets.layouts.columns import Columns, RowError, Turns
from core.datasets.layouts.conversations import candidates, conversation, tree
from core.datasets.layouts.names import SYSTEMS
from core.datasets.layouts.pairs import instances, pair
from core.datasets.layouts.turns import content_of
from core.schema import Message

LAYOUTS: tuple[Callable[[dict, Columns], Turns | None], ...] = (  # the first that fits; pair always
    tree, conversation, candidates, instances, pair,
)  # fmt: skip


def messages(record: Any, columns: Columns) -> tuple[Message, ...]:
    """The turns of a record, at least one of them a response with text; raises RowError."""
    if not isinstance(record, dict):
        raise RowError("is not an object with named fields", value=record)
    if any(map(_is_nan, record.values())):  # pandas' null
        record = {name: None if _is_nan(value) else value for name, value in record.items()}
    columns.left.clear()
    columns.there.update(dict.fromkeys(record))
    turns, read = next(found for layout in LAYOUTS if (found := layout(record, columns)))
    answers = [turn for turn in turns if turn.role == "assistant"]
    if not answers:
        raise RowError("has no assistant turn", blank=True)
    if not any(turn.content.strip() for turn in answers):
        raise RowError("has only blank assistant turns", blank=True)
    name = columns.name("system", SYSTEMS, record)
    system = _system(record.get(name))
    if system.strip() and not any(turn.role == "system" and turn.content.strip() for turn in turns):
        turns = [Message("system", system), *(turn for turn in turns if turn.role != "system")]
        read["system"] = str(name)
    columns.note(record, turns, read)
    if not any(turn.weight and turn.content.strip() for turn in answers):
        columns.untrained[f"{read['label']} is false" if "label" in read else "their weight is 0"] += 1
    return tuple(turns)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _system(value: Any) -> str:
    """A system prompt's text; of Gemini's instruction, that of its parts. What is neither is told as not read."""
    if isinstance(value, dict):
        value = value.get("parts")
    try:
        return content_of(value, "system").get("text", "")
    except RowError:
        return ""
