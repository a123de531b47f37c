"""What readers hand on: a position with a record, or with what is wrong with it."""

from __future__ import annotations

import json
import reprlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.errors import DataError

BLOCK = 1 << 20  # bytes or characters that are read at a time
LONGEST = 64 << 20  # characters of a record: what is longer is no conversation, and would fill the memory
BEHIND = {  # the first character behind the record of a line -> what it tells
    ",": "a comma stands behind it: take it away",
    "{": "another record stands behind it: write one record a line",
}
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 60


class Record(NamedTuple):
    """What stands in a row.

    position: where it stands; value: the parsed record, or a BadRow; original: the record as it was, which export
    writes: its JSON text without line breaks (several lines, if it was put together of several rows), or a pyarrow
    Table of its rows; None where there is no more than the value.
    """

    position: str
    value: Any
    original: Any = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where it stands, why, and the field and value (shortened) at fault."""

    position: str
    reason: str
    field: str = ""
    value: str = ""

    def __str__(self) -> str:
        shown = f" (value: {self.value})" if self.value else ""
        return f"{self.position}: {self.reason}{shown}"


def shorten(value: Any) -> str:
    """A value as a person should see it: escaped, and no longer than a line."""
    return _REPR.repr(value)[:100]


def reason_of(error: Exception) -> str:
    """Why JSON cannot be used, in a few words."""
    if isinstance(error, json.JSONDecodeError):
        if error.msg == "Extra data" and error.doc[error.pos] in BEHIND:
            return f"not valid JSON ({BEHIND[error.doc[error.pos]]})"
        return f"not valid JSON ({error.msg.lower().removesuffix(' at').rstrip(': ')})"
    if isinstance(error, CutOffError):
        return "not valid JSON (it has no end)"
    return f"not usable JSON ({'nested too deeply' if isinstance(error, RecursionError) else 'a number too long'})"


def require_distinct(source: object, names: Sequence[str]) -> None:
    """Raise DataError if two columns have one name."""
    if twice := [name for name, n in Counter(names).items() if n > 1]:
        raise DataError(f"{source} names a column twice, {shorten(twice[0])}: rename one.")


def too_long(source: object, what: str) -> DataError:
    """The error for a record that is longer than any conversation."""
    return DataError(
        f"{source}: {what} is longer than {LONGEST >> 20} million characters: it is no conversation, "
        "or its end is missing."
    )


class CutOffError(Exception):
    """The text ended inside a JSON value."""
