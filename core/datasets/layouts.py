"""How a record says who speaks: Alpaca, pairs of prompt and response, ShareGPT, LIMA, OpenAI messages.

A new layout goes here, by one function and one entry in `LAYOUTS`. The function takes a record and `Columns` and
returns the turns with the columns that it read them from, None for a record of another layout; it raises RowError.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from core.datasets.rows import shorten
from core.errors import DataError
from core.schema import Message

COLUMNS = ("prompt", "response", "input", "system", "messages")
CONVERSATIONS = ("messages", "conversations", "conversation")
PROMPTS = ("instruction", "prompt", "question", "query", "input")
RESPONSES = ("output", "completion", "response", "answer")
INPUTS = ("input", "context")  # what Alpaca, Dolly and SQuAD put beside the instruction or question
SYSTEMS = ("system", "system_prompt")
SOURCES = ("source", "dataset")
SPEAKERS = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "bot", "model", "ai", "claude", "function_call"),
    "system": ("system", "developer"),
    "tool": ("tool", "function", "observation", "ipython", "tool_response", "function_response"),
}
ROLES = {name: role for role, names in SPEAKERS.items() for name in names}
NO_INPUT = re.compile(
    r"[\s<>()\[\]\\`'\"*.,]*(no[\s_-]*inputs?(\s+(required|needed|necessary|provided|given))?|n\s*/\s*a|<\s*none\s*>)?"
    r"[\s<>()\[\]\\`'\"*.,]*",
    re.IGNORECASE,
)
PROSE = re.compile(r"\s*(?:\S+\s+){4}\S")  # five words: no id, category, language or address

Turns = tuple[list[Message], dict[str, str]]  # the turns of a record, and the column that each part was read from


class RowError(Exception):
    """Why a record is no sample."""

    def __init__(self, reason: str, field: str = "", value: Any = None, blank: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.field, self.blank = reason, field, blank
        self.value = "" if value is None else shorten(value)


class Columns:
    """Which column of a record plays which part; counts over all records what was read.

    `choices`: records in which two response columns differ, (used, other); `read`: records by column, in the order in
    which the columns came up; `unread`: records in which a column holds text of five words or more that is in no turn,
    or an input that is no text.
    """

    def __init__(self, mapped: Mapping[str, str] | None) -> None:
        """`mapped` names the columns of some parts; raises DataError for a part that is not in COLUMNS."""
        self.mapped = dict(mapped or {})
        unknown = [name for name in self.mapped if name not in COLUMNS]
        if unknown:
            raise DataError(f"columns does not know {shorten(unknown)}: it maps {', '.join(COLUMNS)} to column names.")
        self.choices: Counter[tuple[str, str]] = Counter()
        self.read: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()

    def name(self, part: str, names: tuple[str, ...], record: dict) -> str | None:
        """The mapped column, else the first of `names` that has a value, else the first that is there."""
        if part in self.mapped:
            return self.mapped[part]
        there = [name for name in names if name in record]
        return next((name for name in there if record[name] is not None), there[0] if there else None)

    def note(self, record: dict, turns: list[Message], read: dict[str, str]) -> None:
        """Count what was read of a record and what was not."""
        self.read.update(dict.fromkeys(read.values(), 1))
        others = RESPONSES if "response" in read and "response" not in self.mapped else ()
        for name in others:
            if name != read["response"] and isinstance(record.get(name), str):
                self.choices[read["response"], name] += record[name] not in ("", turns[-1].content)
        known = {*read.values(), *others, *SOURCES}
        self.unread.update(name for name in record if name not in known and _is_lost(name, record[name], turns))


def messages(record: Any, columns: Columns) -> tuple[Message, ...]:
    """The turns of a record, at least one of them a response with text; raises RowError."""
    if not isinstance(record, dict):
        raise RowError("is not an object with named fields", value=record)
    turns, read = next(found for layout in LAYOUTS if (found := layout(record, columns)))
    answers = [turn for turn in turns if turn.role == "assistant"]
    if not answers:
        raise RowError("has no assistant turn", blank=True)
    if not any(turn.content.strip() for turn in answers):
        raise RowError("has only blank assistant turns", blank=True)
    name = columns.name("system", SYSTEMS, record)
    system = record.get(name)
    if isinstance(system, str) and system.strip() and all(turn.role != "system" for turn in turns):
        turns.insert(0, Message("system", system))
        read["system"] = str(name)
    columns.note(record, turns, read)
    return tuple(turns)


def conversation(record: dict, columns: Columns) -> Turns | None:
    """ShareGPT (from, value), OpenAI (role, content) or LIMA (plain strings in turn); raises RowError."""
    if not _has_conversation(record, columns):
        return None
    name = columns.name("messages", CONVERSATIONS, record)
    assert name is not None  # _has_conversation found it
    turns = record.get(name)
    if isinstance(turns, str) and turns.lstrip().startswith("["):  # a CSV cell
        try:
            turns = json.loads(turns)
        except ValueError:
            raise RowError(f"{name} is not valid JSON", name, turns) from None
    if not isinstance(turns, list):
        raise RowError(f"{name} is {_kind(record, name)}, not a list of turns", name, turns)
    if not turns:
        raise RowError(f"{name} has no turns", name, turns, blank=True)
    if all(isinstance(turn, str) for turn in turns):
        found = [Message(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
    else:
        found = [_turn(turn, f"{name}[{i}]") for i, turn in enumerate(turns)]
    return found, {"messages": name}


def _has_conversation(record: dict, columns: Columns) -> bool:
    if columns.mapped.keys() & {"messages", "prompt", "response"}:
        return "messages" in columns.mapped
    name = columns.name("messages", CONVERSATIONS, record)
    return name is not None and (record[name] is not None or columns.name("response", RESPONSES, record) is None)


def pair(record: dict, columns: Columns) -> Turns:
    """Alpaca, prompt and completion, question, context and answer, or mapped columns; raises RowError."""
    asked = columns.name("prompt", PROMPTS, record)
    answered = columns.name("response", RESPONSES, record)
    if asked is None and answered is None:
        fields = shorten(", ".join(map(str, record)))
        raise RowError(f"has no field that is known ({fields}); name them with the option columns")
    if answered is None:
        raise RowError("has no response field; if it has another name, give it with the option columns", blank=True)
    if record.get(answered) is None:
        raise RowError(f"{answered} is {_kind(record, answered)}", answered, blank=True)
    response = _text(record, answered)
    if not response.strip():
        raise RowError(f"{answered} is blank", answered, response, blank=True)
    prompt, read = _prompt(record, asked, columns)
    return [Message("user", prompt), Message("assistant", response)], read | {"response": answered}


def _prompt(record: dict, asked: str | None, columns: Columns) -> tuple[str, dict[str, str]]:
    """The prompt with the input that stands beside it, and the columns of both."""
    if asked is None:
        raise RowError("has no prompt field; if it has another name, give it with the option columns")
    beside = [name for name in INPUTS if name != asked and _input(record, name)]
    name = columns.name("input", tuple(beside), record)
    extra = _input(record, name)
    prompt = _text(record, asked) if record.get(asked) is not None or not extra else ""
    if not prompt.strip() and not extra:
        raise RowError(f"{asked} is blank and there is no input", asked, record.get(asked))
    both = "\n\n".join(part for part in (prompt, extra) if part.strip())
    return both, {"prompt": asked} | ({"input": name} if extra and name else {})


def _is_lost(name: str, value: Any, turns: list[Message]) -> bool:
    if not isinstance(value, str):
        return name in INPUTS and bool(value)
    return bool(PROSE.match(value)) and not any(value.strip() in turn.content for turn in turns)


def _input(record: dict, name: str | None) -> str:
    """The text of a column beside the prompt, empty for what stands there where there is none."""
    value = record.get(name)
    return value if isinstance(value, str) and value.strip() and not NO_INPUT.fullmatch(value) else ""


LAYOUTS: tuple[Callable[[dict, Columns], Turns | None], ...] = (conversation, pair)  # the first that fits; pair always


def _kind(record: dict, name: str) -> str:
    if name not in record:
        return "missing"
    value = record[name]
    return (
        "null"
        if value is None
        else {"dict": "an object", "list": "a list", "str": "text"}.get(type(value).__name__, "a value")
    )


def _text(record: dict, name: str) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    wrong = "" if value is None else ", not text"
    raise RowError(f"{name} is {_kind(record, name)}{wrong}", name, value)


def _turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict):
        raise RowError(f"{where} is not an object with a speaker and a text", where, turn)
    role = _role(turn, where)
    key = next((key for key in ("value", "content", "text") if turn.get(key) is not None), "")
    calls = turn.get("tool_calls") or turn.get("function_call")
    if not key and not calls:
        raise RowError(f"{where} has no text", where, turn, blank=role == "assistant")
    content = _content(turn[key], f"{where}.{key}") if key else ""
    rendered = json.dumps(calls, ensure_ascii=False, default=str) if calls else ""
    return Message(role, "\n".join(filter(None, (content, rendered))))


def _role(turn: dict, where: str) -> str:
    speaker = next((turn[key] for key in ("from", "role", "speaker") if turn.get(key) is not None), None)
    role = ROLES.get(speaker.strip().lower()) if isinstance(speaker, str) else None
    if role is None:
        raise RowError(f"{where} has an unknown or missing speaker", where, speaker)
    return role


def _content(content: Any, where: str) -> str:
    """Text, or a list of parts with a text each."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RowError(f"{where} is not text", where, content)
    texts: list[Any] = [part.get("text") if isinstance(part, dict) else part for part in content]
    for part, text in zip(content, texts, strict=True):
        if not isinstance(text, str):
            raise RowError(f"{where} has a part that is not text", where, part)
    return "\n".join(texts)
