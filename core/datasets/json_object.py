"""One JSON object: a record, or what stands around a list of records, which is read through a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from core.datasets.json_window import GAP, SPACE, Window, is_record, members
from core.datasets.rows import CutOffError, Record, reason_of
from core.errors import DataError

if TYPE_CHECKING:
    from core.datasets.containers import RecordFile


@dataclass(frozen=True)
class Outline:
    """What an object holds, without its values: the names of its members, the first object of each that is a list of
    objects; and whether more text follows.
    """

    members: dict[str, list[dict]]
    more: bool


def outline(file: RecordFile) -> Outline:
    """The outline of the object that a file begins with; raises DataError where that is no JSON."""
    window = Window(file.text(), file.source)
    held: dict[str, list[dict]] = {}
    try:
        for key in members(window):
            held[key] = _objects(window)
    except (ValueError, RecursionError, CutOffError) as error:
        raise DataError(
            f"{file.source} holds one JSON object and is {reason_of(error)} at line {window.line}."
        ) from error
    window.pos += 1
    return Outline(held, bool(window.skip(SPACE)))


def json_object(file: RecordFile, found: Outline) -> Iterator[Record]:
    """The records of an object; raises DataError for one with several lists of objects, or with text behind it."""
    if found.more:
        raise DataError(f"{file.source} holds one JSON object and text after it: write one record a line, or an array.")
    if "_data_files" in found.members or {"features", "citation"} <= set(found.members):
        raise DataError(
            f"{file.source} describes a saved dataset (datasets' save_to_disk) and holds none of its rows: "
            "name its folder."
        )
    lists = [key for key, first in found.members.items() if first]
    window = Window(file.text(), file.source)
    if is_record(found.members) or not lists:
        window.skip(SPACE)
        yield Record("row 0", *window.value())
        return
    if len(lists) > 1:
        raise DataError(f"{file.source} holds several lists ({', '.join(lists)}): save the wanted one alone.")
    for key in members(window):
        if key != lists[0]:
            window.value()
            continue
        window.pos += 1
        for row in count():
            if window.skip(GAP) == "]":
                return
            yield Record(f"row {row}", *window.value())


def _objects(window: Window) -> list[dict]:
    """Pass over a value; the first object of a list of objects, nothing for any other value."""
    if window.skip(SPACE) != "[":
        window.value()
        return []
    window.pos += 1
    first: list[dict] = []
    others = 0
    while (mark := window.skip(GAP)) != "]":
        if not mark:
            raise CutOffError
        value, _ = window.value()
        first, others = first or [value], others + (not isinstance(value, dict))
    window.pos += 1
    return [] if others else first
