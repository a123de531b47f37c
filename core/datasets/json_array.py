"""Records out of a stream of JSON text: an array read through a window, mended at the next record where it breaks."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.datasets.rows import BLOCK, BadRow, CutOffError, Record, reason_of

if TYPE_CHECKING:
    from core.datasets.containers import RecordFile


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_GAP = re.compile(r"[\s,]*")
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")\s*:')


class Window:
    """A stretch of a stream of text that grows at the end and is dropped at the front."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text, self.pos, self._lines, self.ended = "", 0, 1, False

    @property
    def line(self) -> int:
        """The number of the line at `pos`, from 1."""
        return self._lines + self.text.count("\n", 0, self.pos)

    def more(self) -> bool:
        """Read on, at least doubling what is kept, so that one long record costs linear time; False at the end."""
        self._lines = self.line
        parts, size = [self.text[self.pos :]], 0
        while size < max(BLOCK, len(parts[0])) and not self.ended:
            chunk = next(self._chunks, None)
            self.ended = chunk is None
            parts.append(chunk or "")
            size += len(parts[-1])
        self.text, self.pos = "".join(parts), 0
        return size > 0

    def skip(self, pattern: re.Pattern) -> str:
        """Pass over `pattern` and return the character after it, empty at the end of the stream."""
        while True:
            if found := pattern.match(self.text, self.pos):  # both patterns match anywhere, if only nothing
                self.pos = found.end()
            if self.pos < len(self.text) or not self.more():
                return self.text[self.pos : self.pos + 1]

    def value(self) -> Any:
        """Decode the JSON value at `pos`, reading on while it is incomplete.

        Raises CutOffError where the text ends in it, else what `json` raises (ValueError, RecursionError).
        """
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.pos)
            except json.JSONDecodeError as error:
                if not unfinished(error):
                    raise
                if not self.more():
                    raise CutOffError from error
                continue
            if end + 2 < len(self.text) or self.ended:
                self.pos = end
                return value
            self.more()  # a number near the end may go on: 1 may become 1e+5

    def find(self, pattern: re.Pattern) -> bool:
        """Move to the next match of `pattern` after `pos`; False if there is none."""
        start = self.pos + 1
        while not (match := pattern.search(self.text, start)):
            self.pos = max(start, len(self.text) - 256)  # a match may straddle two chunks
            if not self.more():
                return False
            start = 0
        self.pos = match.start()
        return True


def unfinished(error: json.JSONDecodeError) -> bool:
    """Whether more text could mend it: the longest token that may be cut, -Infinity, has nine characters."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(error.doc) - 12


def json_array(file: RecordFile) -> Iterator[Record]:
    """Records of one array, in a window of the file; after a malformed record, goes on at the next one.

    Raises DataError where the text is not of the file's encoding.
    """
    window, key = Window(file.text()), None
    window.skip(_SPACE)
    window.pos += 1
    for row in itertools.count():
        if (mark := window.skip(_GAP)) in ("", "]"):
            yield from _array_end(file, window, mark, row)
            return
        try:
            value = window.value()
        except (ValueError, RecursionError, CutOffError) as error:
            key = key or _first_key(window)
            (where, bad), found = _malformed(window, row, key, error)
            if found or not isinstance(error, CutOffError):
                yield where, bad
            else:
                file.truncated_at = where
            if not found:
                return
        else:
            yield f"row {row}", value
            if key is None and isinstance(value, dict) and value:
                key = _key_pattern(json.dumps(next(iter(value))))


def _malformed(window: Window, row: int, key: re.Pattern | None, error: Exception) -> tuple[Record, bool]:
    """What to tell of a malformed record, and whether another begins behind it: there the window stands then."""
    where = f"row {row} (line {window.line})"
    found = key is not None and window.find(key)
    return (where, BadRow(where, reason_of(error) + ("" if found else "; nothing after it could be read"))), found


def _array_end(file: RecordFile, window: Window, mark: str, row: int) -> Iterator[Record]:
    if not mark:
        file.truncated_at = f"row {row} (line {window.line})"
        return
    window.pos += 1
    if window.skip(_SPACE):
        where = f"line {window.line}"
        yield where, BadRow(where, "text after the end of the array; it was not read")


def _first_key(window: Window) -> re.Pattern | None:
    match = _FIRST_KEY.match(window.text, window.pos)
    return _key_pattern(match[1]) if match else None


def _key_pattern(key: str) -> re.Pattern:
    """Where a record begins whose first key is `key` (quoted); inside a string its quotes would be escaped."""
    return re.compile(r"\{\s*" + re.escape(key) + r"\s*:")
