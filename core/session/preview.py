"""What a decision on samples would change, before it is taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.explain.leaks import Change, change
from core.schema import SelectionSpec
from core.session.session import Session


def pinned(spec: SelectionSpec, rows: Iterable[int]) -> SelectionSpec:
    """The request with these rows pinned too; a ban on them is lifted."""
    more = list(dict.fromkeys([*spec.pins, *map(int, rows)]))
    return replace(spec, pins=tuple(more), bans=tuple(row for row in spec.bans if row not in set(more)))


def banned(spec: SelectionSpec, rows: Iterable[int]) -> SelectionSpec:
    """The request with these rows banned too; a pin on them is lifted."""
    more = list(dict.fromkeys([*spec.bans, *map(int, rows)]))
    return replace(spec, bans=tuple(more), pins=tuple(row for row in spec.pins if row not in set(more)))


def effect(session: Session, spec: SelectionSpec, then: SelectionSpec) -> Change:
    """What another request for the same matrix changes. Raises SelectionError as `select` does."""
    before, after = session.selection(spec), session.selection(then)
    return change(session.matrix_of(spec), before, after, session.info)
