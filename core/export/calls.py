"""Calls of tools in a record: where they are, and the turns with them as OpenAI and TRL have them.

A store keeps the turns of a sample as text, calls included; here they are read off the record again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from core.datasets.layouts.columns import Columns, RowError
from core.datasets.layouts.names import THOUGHTS, find, fold, folded
from core.datasets.layouts.turns import SPEAKER, turns_of
from core.schema import Message, Sample

CALLS = folded(("tool_call", "tool_calls", "function_call", "tool_use", "executable_code"))
KEPT = ("tool_calls", "tool_call_id", "name")  # members of a turn beside role and content, as they are
KNOWN = {"role", "content", "weight", *KEPT, *THOUGHTS}


def has_calls(sample: Sample) -> bool:
    """Whether a turn of the record calls a tool, in whatever layout."""
    return any(_calls(turn) for turns in _turn_lists(sample.raw) for turn in turns)


def turns_with_calls(sample: Sample) -> list[dict[str, Any]] | None:
    """The turns, with the `tool_calls`, `tool_call_id` and `name` of the record as they are.

    None unless its calls are of OpenAI's form, and the turns read back are those of the sample: nothing is guessed.
    """
    for raw in _turn_lists(sample.raw):
        try:
            if tuple(turns_of(raw, "messages", Columns(None))) == sample.messages:
                made = [_turn(turn) for turn in raw]
                return None if any(turn is None for turn in made) else made  # type: ignore[return-value]
        except RowError:
            continue
    return None


def _turn(raw: dict) -> dict[str, Any] | None:
    if any(raw[name] for name in raw.keys() - KNOWN) or not all(map(_is_openai, raw.get("tool_calls") or ())):
        return None
    said = _text({name: value for name, value in raw.items() if name != "tool_calls"})
    if said is None or (_calls(raw) and not raw.get("tool_calls")):
        return None
    return {"role": said.role, "content": said.content} | {name: raw[name] for name in KEPT if raw.get(name)}


def _text(raw: dict) -> Message | None:
    """A turn without its calls, as it was read; None where it is several."""
    try:
        (message,) = turns_of([raw | {"content": raw.get("content") or ""}], "messages", Columns(None))
    except (RowError, ValueError):
        return None
    return message


def _is_openai(call: Any) -> bool:
    """Whether a call is {id, type: function, function: {name, arguments}}; id and type may be missing."""
    made = call.get("function") if isinstance(call, dict) else None
    return (
        isinstance(made, dict)
        and call.keys() <= {"id", "type", "function"}
        and call.get("type", "function") == "function"
        and made.keys() == {"name", "arguments"}
        and isinstance(made["name"], str)
        and isinstance(made["arguments"], str | dict)
    )


def _calls(turn: dict) -> bool:
    """Whether a turn calls a tool, told from its members, its speaker or the parts of its content."""
    said = [name for name, value in turn.items() if value] + [turn[name] for name in find(turn, SPEAKER)]
    for part in (part for value in turn.values() if isinstance(value, list) for part in value):
        said += [*part, part.get("type")] if isinstance(part, dict) else []
    return any(fold(str(name)) in CALLS for name in said)


def _turn_lists(record: Any) -> Iterator[list[dict]]:
    """The lists of a record, each as far as it holds objects with a speaker; a CSV cell has its list as JSON text."""
    for value in record.values() if isinstance(record, dict) else ():
        if isinstance(value, str) and value.lstrip().startswith("[{"):
            try:
                value = json.loads(value)
            except ValueError:
                continue
        if isinstance(value, list):
            yield [turn for turn in value if isinstance(turn, dict) and find(turn, SPEAKER)]
