"""What the health checks look at in a sample, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from core.schema import SEGMENTS, Sample

PROMPT, RESPONSE, LATER = range(len(SEGMENTS))


class Texts(NamedTuple):
    """The texts of a sample, by their place in SEGMENTS: as Sample has them, and the turns that are in neither."""

    prompt: str
    response: str
    later: str = ""


class Span(NamedTuple):
    """A stretch of characters of one of the Texts: from start to before stop."""

    segment: int
    start: int
    stop: int


class Seen(NamedTuple):
    """What a check sees in a sample: where, and a few words on it."""

    spans: tuple[Span, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """What a check found: rows int64 (K,), ascending, and for each of them what was seen.

    group int64 (K,): which of the rows belong together, by number; empty where the check does not compare samples.
    note: a sentence for who reads all of it, such as why the check could not run (then `ran` is False); or empty.
    """

    check: str
    rows: np.ndarray
    seen: tuple[Seen, ...]
    group: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    note: str = ""
    ran: bool = True

    def groups(self) -> list[np.ndarray]:
        """The rows of each group, int64 each, by their number."""
        return [self.rows[places] for places in places_of(self.group)]


def texts_of(sample: Sample) -> Texts:
    """The texts of a sample."""
    turns = sample.messages
    first = next((i for i, turn in enumerate(turns) if turn.role == "assistant"), len(turns))
    later = "\n\n".join(turn.content for turn in turns[first:] if not turn.trained)
    return Texts(sample.prompt, sample.response, later)


def found(check: str, seen: Iterable[tuple[int, Seen]], note: str = "") -> Finding:
    """A finding of (row, what was seen), in any order."""
    ordered = sorted(seen)
    rows = np.array([row for row, _ in ordered], np.int64)
    return Finding(check, rows, tuple(what for _, what in ordered), note=note)


def grouped(check: str, groups: Iterable[Iterable[int]], detail: Callable[[int], str] = lambda row: "") -> Finding:
    """A finding of groups of rows that belong together; each row is in one of them, `detail` says something of it."""
    numbered = sorted((int(row), number) for number, group in enumerate(groups) for row in group)
    rows, group = (np.array([pair[i] for pair in numbered], np.int64) for i in (0, 1))
    return Finding(check, rows, tuple(Seen(detail=detail(row)) for row in rows.tolist()), group)


def places_of(label: np.ndarray) -> list[np.ndarray]:
    """Where each label of int (N,) stands, ascending: int64 arrays, by the labels."""
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(label) else []


def spans_of(segment: int, matches: Iterator) -> tuple[Span, ...]:
    """The spans of a regular expression's matches in a text."""
    return tuple(Span(segment, *match.span()) for match in matches)
