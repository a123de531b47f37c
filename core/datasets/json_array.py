"""Records out of a stream of JSON text: an array read through a window, mended at the next record where it breaks."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from core.datasets.json_window import GAP, SPACE, Window
from core.datasets.layouts.turns import is_turns
from core.datasets.rows import LONGEST, BadRow, CutOffError, Record, reason_of, too_long
from core.datasets.threads import is_message, is_turn

if TYPE_CHECKING:
    from core.datasets.containers import RecordFile


CUT = Record("", None)  # stands where an array of turns breaks off
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")\s*:')


def json_array(file: RecordFile) -> Iterator[Record]:
    """The records of an array; whole arrays of turns, one a line or in an array, are a conversation each."""
    elements = _elements(file)
    first = next(elements, None)
    if first is None:
        return
    elements = itertools.chain([first], elements)
    if not _is_bare(file, first[1].value):
        yield from (_whole(record.position, record.value, [record]) for _, record in elements)
        return
    for row, group in itertools.groupby(elements, itemgetter(0)):
        turns, size = [], 0
        for _, turn in group:
            turns.append(turn)
            size += len(turn.original or "")
            if size > LONGEST:
                raise too_long(file.source, f"the conversation in row {row}")
        if turns[-1] is not CUT:
            yield _whole(f"row {row}", [turn.value for turn in turns], turns)


def _whole(position: str, value: Any, parts: list[Record]) -> Record:
    """The record of a value; a list of turns is a conversation, unless one of its parts is malformed."""
    if bad := next((part for part in parts if isinstance(part.value, BadRow)), None):
        return bad
    if not is_turns(value):
        return parts[0] if len(parts) == 1 else Record(position, value)
    text = parts[0].original if parts[0].value is value else f"[{', '.join(str(part.original) for part in parts)}]"
    return Record(position, {"messages": value}, f'{{"messages": {text}}}')


def _elements(file: RecordFile) -> Iterator[tuple[int, Record]]:
    """What is in the arrays of a file, with the place of its array; after a malformed one, goes on at the next.

    Raises DataError where the text is not of the file's encoding.
    """
    array, bare = 0, False
    window, key = Window(file.text(), file.source), None
    window.skip(SPACE)
    window.pos += 1
    for row in itertools.count():
        while (mark := window.skip(GAP)) == "]":
            window.pos += 1
            if not bare or window.skip(SPACE) != "[":
                break
            window.pos += 1
            array += 1
        if mark == "]":
            yield from ((array + 1, record) for record in _text_behind(window))
            return
        try:
            value, text = window.value()
        except (ValueError, RecursionError, CutOffError) as error:
            key = key or _first_key(window)
            bad, found = _malformed(window, array if bare else row, key, error)
            if found or not isinstance(error, CutOffError):
                yield array, Record(bad.position, bad)
            else:
                file.truncated_at = bad.position
                yield from [(array, CUT)] if bare else ()
            if not found:
                return
        else:
            bare = bare or (row == 0 and _is_bare(file, value))
            yield array, Record(f"row {row}", value, text)
            if key is None and isinstance(value, dict) and value:
                key = _key_pattern(json.dumps(next(iter(value))))


def _malformed(window: Window, row: int, key: re.Pattern | None, error: Exception) -> tuple[BadRow, bool]:
    """What to tell of a malformed record, and whether another begins behind it: there the window stands then."""
    where = f"row {row} (line {window.line})"
    found = key is not None and window.find(key)
    return BadRow(where, reason_of(error) + ("" if found else "; nothing after it could be read")), found


def _text_behind(window: Window) -> Iterator[Record]:
    if window.skip(SPACE):
        where = f"line {window.line}"
        yield Record(where, BadRow(where, "text after the end of the array; it was not read"))


def _is_bare(file: RecordFile, value: Any) -> bool:
    """Whether this is a turn that names no conversation: the array that it stands in is one."""
    return not file.apart and is_turn(value) and not is_message(value)


def _first_key(window: Window) -> re.Pattern | None:
    match = _FIRST_KEY.match(window.text, window.pos)
    return _key_pattern(match[1]) if match else None


def _key_pattern(key: str) -> re.Pattern:
    """Where a record begins whose first key is `key` (quoted); inside a string its quotes would be escaped."""
    return re.compile(r"\{\s*" + re.escape(key) + r"\s*:")
