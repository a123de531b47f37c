"""Records out of a stream of JSON text: an array read through a window, mended at the next record where it breaks."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.datasets.json_window import GAP, SPACE, Window
from core.datasets.rows import BadRow, CutOffError, Record, reason_of

if TYPE_CHECKING:
    from core.datasets.containers import RecordFile


_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")\s*:')


def json_array(file: RecordFile) -> Iterator[Record]:
    """Records of one array, in a window of the file; after a malformed record, goes on at the next one.

    Raises DataError where the text is not of the file's encoding.
    """
    window, key = Window(file.text(), file.source), None
    window.skip(SPACE)
    window.pos += 1
    for row in itertools.count():
        if (mark := window.skip(GAP)) in ("", "]"):
            yield from _array_end(file, window, mark, row)
            return
        try:
            value, text = window.value()
        except (ValueError, RecursionError, CutOffError) as error:
            key = key or _first_key(window)
            bad, found = _malformed(window, row, key, error)
            if found or not isinstance(error, CutOffError):
                yield Record(bad.position, bad)
            else:
                file.truncated_at = bad.position
            if not found:
                return
        else:
            yield Record(f"row {row}", value, text)
            if key is None and isinstance(value, dict) and value:
                key = _key_pattern(json.dumps(next(iter(value))))


def _malformed(window: Window, row: int, key: re.Pattern | None, error: Exception) -> tuple[BadRow, bool]:
    """What to tell of a malformed record, and whether another begins behind it: there the window stands then."""
    where = f"row {row} (line {window.line})"
    found = key is not None and window.find(key)
    return BadRow(where, reason_of(error) + ("" if found else "; nothing after it could be read")), found


def _array_end(file: RecordFile, window: Window, mark: str, row: int) -> Iterator[Record]:
    if not mark:
        file.truncated_at = f"row {row} (line {window.line})"
        return
    window.pos += 1
    if window.skip(SPACE):
        where = f"line {window.line}"
        yield Record(where, BadRow(where, "text after the end of the array; it was not read"))


def _first_key(window: Window) -> re.Pattern | None:
    match = _FIRST_KEY.match(window.text, window.pos)
    return _key_pattern(match[1]) if match else None


def _key_pattern(key: str) -> re.Pattern:
    """Where a record begins whose first key is `key` (quoted); inside a string its quotes would be escaped."""
    return re.compile(r"\{\s*" + re.escape(key) + r"\s*:")
