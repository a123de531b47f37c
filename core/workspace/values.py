"""What the details of a decision may be: each check takes (value, its name, the action) and gives the value, fit for
JSON, or raises SelectionError.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from core.errors import SelectionError
from core.schema import LARGEST_BOOST, LENSES, VETOES
from core.selection.quotas import parsed


def numbers(value: Iterable[Any], name: str, action: str) -> list[int]:
    """Whole numbers, each once."""
    return _whole(value, name.removesuffix("s"))


def number(value: Any, name: str, action: str) -> int:
    """One whole number."""
    return _whole([value], name)[0]


def _whole(numbers: Iterable[Any], noun: str) -> list[int]:
    kept: dict[int, None] = {}
    for number in numbers:
        try:
            kept[operator.index(number)] = None
        except TypeError:
            raise SelectionError(f"A {noun} must be a whole number, got {number!r}.") from None
    if kept and min(kept) < 0:
        raise SelectionError(f"A {noun} must be at least 0, got {min(kept)}.")
    return list(kept)


def copies(value: Any, name: str, action: str) -> list[list[int]]:
    """Groups of rows, of two or more each: the first stays, the others are its copies."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, list | tuple) for one in value):
        raise SelectionError(f"The groups of a {action} are lists of rows, got {value!r}.")
    found = [_whole(rows, "row") for rows in value]
    if any(len(rows) < 2 for rows in found):
        raise SelectionError(f"A group of a {action} has two rows or more: the one that stays, and its copies.")
    return found


def text(value: Any, name: str, action: str) -> str:
    """Text without blanks at its ends."""
    if not isinstance(value, str):
        raise SelectionError(f"The {name} of a {action} must be text, got {value!r}.")
    return value.strip()


def mode(value: Any, name: str, action: str) -> str:
    """One of VETOES."""
    if value not in VETOES:
        raise SelectionError(f"Unknown veto {value!r}: it must be one of {', '.join(VETOES)}.")
    return value


def lens(value: Any, name: str, action: str) -> str:
    """One of LENSES."""
    if value not in LENSES:
        raise SelectionError(f"Unknown lens {value!r}: it must be one of {', '.join(LENSES)}.")
    return value


def factor(value: Any, name: str, action: str) -> float:
    """What a weight is multiplied by, from 0 to 10."""
    if not isinstance(value, int | float) or not 0 <= value <= LARGEST_BOOST:
        raise SelectionError(f"A boost must be a number from 0 to {LARGEST_BOOST:g}, got {value!r}.")
    return float(value)


def factors(value: Any, name: str, action: str) -> list[float]:
    """A factor for each of the features."""
    return [factor(one, name, action) for one in value]


def quota(value: Any, name: str, action: str) -> str:
    """A quota as `core.selection.quotas` reads it, without needless spaces."""
    return str(parsed(text(value, name, action)))


def quotas(value: Any, name: str, action: str) -> list[str]:
    """Several of them."""
    return [quota(one, name, action) for one in value]


def name_of(what: str, and_more: str = "") -> Callable[[Any, str, str], str]:
    """The check of a name that must not be empty; `what` has it, `and_more` says what it needs besides."""

    def checked(value: Any, name: str, action: str) -> str:
        if not (given := text(value, name, action)):
            raise SelectionError(f"A {what} needs a name{and_more}.")
        return given

    return checked


set_name, tag, search_name = name_of("set of samples"), name_of("tag"), name_of("saved search")
selection_name = name_of("saved selection", " and a specification")


def fields(value: Any, name: str, action: str) -> dict[str, str]:
    """The fields of a saved search: texts by their names in the page's address."""
    if not isinstance(value, dict) or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise SelectionError("The fields of a saved search are texts by name.")
    return value


def spec(value: Any, name: str, action: str) -> dict[str, Any]:
    """The specification of a saved selection."""
    if not isinstance(value, dict):
        raise SelectionError("A saved selection needs a name and a specification.")
    return value


def checked_before(value: Any, name: str, action: str) -> Any:
    """What was checked when it was made."""
    return value
