"""What a decision on samples or on features would change, before it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from core.explain.leaks import Change, change
from core.schema import SelectionSpec
from core.selection.bounds import full_groups
from core.selection.constraints import available
from core.selection.quotas import added
from core.session.groups import with_sets
from core.session.session import Session
from core.workspace.decisions import WorkspaceState


def pinned(spec: SelectionSpec, rows: Iterable[int]) -> SelectionSpec:
    """The request with these rows pinned too; a ban on them is lifted, and a budget in samples has room for all."""
    more = list(dict.fromkeys([*spec.pins, *map(int, rows)]))
    held, budget = set(more), max(spec.budget, len(more)) if spec.unit == "samples" else spec.budget
    return replace(spec, pins=tuple(more), bans=tuple(row for row in spec.bans if row not in held), budget=budget)


def banned(spec: SelectionSpec, rows: Iterable[int]) -> SelectionSpec:
    """The request with these rows banned too; a pin on them is lifted."""
    more = list(dict.fromkeys([*spec.bans, *map(int, rows)]))
    held = set(more)
    return replace(spec, bans=tuple(more), pins=tuple(row for row in spec.pins if row not in held))


def lifted(spec: SelectionSpec, rows: Iterable[int]) -> SelectionSpec:
    """The request with these rows neither pinned nor banned."""
    free = set(map(int, rows))
    pins, bans = (tuple(row for row in decided if row not in free) for decided in (spec.pins, spec.bans))
    return replace(spec, pins=pins, bans=bans)


def vetoed(spec: SelectionSpec, features: Iterable[int], mode: str) -> SelectionSpec:
    """The request with a veto of one of VETOES on these features of its lens; "" for none."""
    kept = {feature: own for feature, own in spec.vetoes.items() if feature not in set(features)}
    return replace(spec, vetoes=kept | (dict.fromkeys(map(int, features), mode) if mode else {}))


def boosted(spec: SelectionSpec, features: Iterable[int], factor: float) -> SelectionSpec:
    """The request with the weight of these features of its lens multiplied by a factor; 1 for as they are."""
    kept = {feature: own for feature, own in spec.boosts.items() if feature not in set(features)}
    return replace(spec, boosts=kept | (dict.fromkeys(map(int, features), factor) if factor != 1 else {}))


def quoted(spec: SelectionSpec, state: WorkspaceState, quota: str) -> SelectionSpec:
    """The request with one quota more, in the place of one on the same group; raises SelectionError if it is none."""
    return with_sets(replace(spec, quotas=added(spec.quotas, quota)), state)


def unquoted(spec: SelectionSpec, quotas: Iterable[str]) -> SelectionSpec:
    """The request without some of its quotas."""
    gone = set(quotas)
    return replace(spec, quotas=tuple(quota for quota in spec.quotas if quota not in gone))


def weighed(spec: SelectionSpec, factors: Mapping[int, float]) -> SelectionSpec:
    """The request with the weight of each feature of its lens multiplied by a factor of its own."""
    for feature, factor in factors.items():
        spec = boosted(spec, [feature], factor)
    return spec


def fates(session: Session, then: SelectionSpec, rows: np.ndarray) -> list[str]:
    """Of each of `rows` int64 in a word why a request keeps it or leaves it out: pinned or picked; banned, excluded by
    a feature that it has, over a quota, or displaced by others. Raises SelectionError as `select` does.
    """
    kept, allowed = session.selection(then), available(session.matrix_of(then), then)
    picks, pins, bans = set(kept.rows.tolist()), set(then.pins), set(then.bans)
    full = full_groups(kept.details.get("bounds", ()), kept.rows, rows)

    def fate(row: int, quota: str) -> str:
        if row in picks:
            return "pinned" if row in pins else "picked"
        if not allowed[row]:
            return "banned" if row in bans else "excluded"
        return "over a quota" if quota else "displaced"

    return [fate(row, quota) for row, quota in zip(rows.tolist(), full, strict=True)]


def effect(session: Session, spec: SelectionSpec, then: SelectionSpec) -> Change:
    """What another request for the same matrix changes. Raises SelectionError as `select` does."""
    before, after = session.selection(spec), session.selection(then)
    return change(session.matrix_of(spec), before, after, session.info)
