"""Which column of a record plays which part, what was read of all records, and why a record is no sample."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from core.datasets.layouts.names import RESPONSES, SOURCES, SPOKEN, SWITCHES, THOUGHTS, VERDICTS, find, fold, folded
from core.datasets.rows import shorten
from core.errors import DataError
from core.schema import Message

COLUMNS = ("prompt", "response", "input", "system", "messages")
NO_INPUT = re.compile(  # possessive, so that a long run of spaces or dots costs linear time
    r"(?:(?!<\s*none)[\s<>()\[\]\\`'\"*.,])*+"
    r"(no[\s_-]*inputs?(\s+(required|needed|necessary|provided|given))?|n\s*/\s*a|<\s*none\s*>)?"
    r"[\s<>()\[\]\\`'\"*.,]*+",
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
    which the columns came up; `unread`: records in which a column, or a member of a turn (messages.note), holds text
    that is in no turn: five words or more, or any text under a name that belongs to a conversation; `untrained`:
    records without an answer that is trained on, by the reason; `parts`: records by part and the column that it was
    read from; `there`: all columns, in the order in which they came up.
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
        self.untrained: Counter[str] = Counter()
        self.parts: Counter[tuple[str, str]] = Counter()
        self.there: dict[str, None] = {}
        self.left: dict[str, list] = {}  # of the record that is being read: members of turns in no message

    def name(self, part: str, names: tuple[str, ...], record: dict) -> str | None:
        """The mapped column, else the first of `names` that has a value, else the first that is there.

        Numbers of tokens, as P3 has them beside their text, are no value.
        """
        if part in self.mapped:
            return self.mapped[part]
        there = find(record, names)
        given = (name for name in there if record[name] is not None and not _are_numbers(record[name]))
        return next(given, there[0] if there else None)

    def absent(self) -> list[str]:
        """The mapped parts, as they were given, of which no record has the column."""
        return [f"{part}={name}" for part, name in self.mapped.items() if name not in self.there]

    def leave(self, where: str, value: Any) -> None:
        """Note a member of a turn that no message holds."""
        self.left.setdefault(where, []).append(value)

    def note(self, record: dict, turns: list[Message], read: dict[str, str]) -> None:
        """Count what was read of a record and what was not."""
        self.read.update(dict.fromkeys(read.values(), 1))
        self.parts.update(read.items())
        others = find(record, RESPONSES) if "response" in read and "response" not in self.mapped else ()
        for name in others:
            if name not in read.values() and isinstance(record.get(name), str):
                self.choices[read["response"], name] += all(record[name] not in ("", turn.content) for turn in turns)
        known = {*read.values(), *others, *SOURCES}
        rest = {name: value for name, value in record.items() if name not in known} | self.left
        self.unread.update(name for name, value in rest.items() if _is_lost(str(name), value, turns))


def _is_lost(name: str, value: Any, turns: list[Message]) -> bool:
    last = fold(name.rsplit(".", 1)[-1])
    if last in SPOKEN:
        texts = [text for text in strings(value) if not NO_INPUT.fullmatch(text)]
        texts = [text for text in texts if last not in folded(THOUGHTS) or is_thought(text)]
        if not texts and not isinstance(value, str):
            return _holds(value)
    else:
        texts = [text for text in strings(value) if PROSE.match(text)]
    return any(all(text.strip() not in turn.content for turn in turns) for text in texts)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, int | float) for each in value)


def _holds(value: Any) -> bool:
    """Whether there is anything but texts, truths and what is empty in a value."""
    if isinstance(value, dict | list):
        return any(map(_holds, value.values() if isinstance(value, dict) else value))
    return bool(value) and not isinstance(value, str | bool)


def is_thought(value: Any) -> bool:
    """Whether this is the text of a reasoning: a word that switches it on or off is none."""
    return isinstance(value, str) and value.strip().casefold() not in SWITCHES


def strings(value: Any) -> Iterator[str]:
    """All texts in a value, those of its lists and objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def without_nulls(value: Any) -> Any:
    """The value without the members of objects that are null: Arrow fills them in where another row has them."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def verdict(value: Any) -> bool | None:
    """The truth that a value is, as JSON has it, as text of a CSV file, or as 1 and 0; None for what is none."""
    return VERDICTS.get(str(value).strip().casefold())


def number(value: Any) -> float | None:
    """A number, or the number that a text is, as all of a CSV file's are."""
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and math.isfinite(found) else None


def json_of(value: Any) -> str:
    """A value as JSON, empty for what is empty."""
    bare = without_nulls(value)
    return "" if bare in (None, "", [], {}) and bare is not False else json.dumps(bare, ensure_ascii=False, default=str)


def kind(record: dict, name: str) -> str:
    """What stands in a column, for a sentence."""
    if name not in record:
        return "missing"
    if record[name] is None:
        return "null"
    return {"dict": "an object", "list": "a list", "str": "text"}.get(type(record[name]).__name__, "a value")
