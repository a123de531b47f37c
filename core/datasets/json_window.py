"""A stretch of a stream of JSON text: values are read out of it without holding the rest in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from core.datasets.layouts.names import CONVERSATIONS, are_of_a_record, find, fold
from core.datasets.rows import BLOCK, LONGEST, CutOffError, too_long

SPACE = re.compile(r"\s*")
GAP = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()
_LINE_BREAK = re.compile(r"[\r\n]\s*")  # strings of JSON hold none, so that it stands between values


class Window:
    """A stretch of a stream of text that grows at the end and is dropped at the front."""

    def __init__(self, chunks: Iterator[str], source: object) -> None:
        """`source` is what the text is called in errors."""
        self._chunks, self._source = chunks, source
        self.text, self.pos, self._lines, self.ended = "", 0, 1, False

    @property
    def line(self) -> int:
        """The number of the line at `pos`, from 1."""
        return self._lines + self.text.count("\n", 0, self.pos)

    def more(self) -> bool:
        """Read on, at least doubling what is kept, so that one long record costs linear time; False at the end.

        Raises DataError for a record that is longer than any conversation.
        """
        self._lines = self.line
        if len(self.text) - self.pos > LONGEST:
            raise too_long(self._source, f"the record at line {self._lines}")
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

    def value(self) -> tuple[Any, str]:
        """Decode the JSON value at `pos`, reading on while it is incomplete; the value and its text on one line.

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
                text, self.pos = self.text[self.pos : end], end
                return value, _LINE_BREAK.sub(" ", text) if "\n" in text or "\r" in text else text
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


def is_record(value: dict) -> bool:
    """Whether an object is a record, and none around a list of records: then its own names are those beside the list,
    or none where the list is called data.
    """
    names = tuple(value)
    lists = [name for name in names if value[name] and are_objects(value[name])]
    if len(lists) == 1 and not find(value, (*CONVERSATIONS, "replies")) and are_of_a_record(tuple(value[lists[0]][0])):
        names = tuple(name for name in names if name not in lists and fold(lists[0]) != "data")
    return are_of_a_record(names)


def are_objects(value: Any) -> bool:
    """Whether this is a list of objects."""
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def members(window: Window) -> Iterator[str]:
    """The names of an object's members; each time the window stands at the value, which the caller passes over."""
    window.skip(SPACE)
    window.pos += 1
    while (mark := window.skip(GAP)) != "}":
        if not mark:
            raise CutOffError
        name, _ = window.value()
        if window.skip(SPACE) != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", "", 0)
        window.pos += 1
        window.skip(SPACE)
        yield name


def around_records(window: Window) -> bool:
    """Whether the object at the beginning is around a list of records: read no further than is needed."""
    before: dict[str, Any] = {}
    try:
        for key in members(window):
            before[key] = None
            if window.skip(SPACE) == "[":
                window.pos += 1
                return window.skip(SPACE) == "{" and not is_record(before | {key: [window.value()[0]]})
            window.value()
    except (ValueError, RecursionError, CutOffError):
        pass
    return False
