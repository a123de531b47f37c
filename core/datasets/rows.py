"""What readers hand on: a position with a record, or with what is wrong with it."""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass
from typing import Any

BLOCK = 1 << 20
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 60

Record = tuple[str, Any]  # where it stands, and the parsed record or a BadRow


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
        return f"not valid JSON ({error.msg.lower().removesuffix(' at').rstrip(': ')})"
    if isinstance(error, CutOffError):
        return "not valid JSON (it has no end)"
    return f"not usable JSON ({'nested too deeply' if isinstance(error, RecursionError) else 'a number too long'})"


class CutOffError(Exception):
    """The text ended inside a JSON value."""
