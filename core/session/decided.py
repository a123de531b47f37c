"""The decisions that stand as part of a request, and a request without any."""

from __future__ import annotations

from dataclasses import replace

from core.schema import SelectionSpec
from core.selection.quotas import added
from core.session.groups import with_sets
from core.workspace.decisions import WorkspaceState


def decided(spec: SelectionSpec, state: WorkspaceState) -> SelectionSpec:
    """The request with all decisions that it obeys: vetoes and boosts of its lens, pins, bans, quotas, and the rows of
    the sets and tags that quotas and options name.

    A quota of the request itself counts in the place of a decided one on the same group. Raises SelectionError for a
    quota that is none.
    """
    own, quotas = state.of(spec.lens), state.quotas
    for text in spec.quotas:
        quotas = added(quotas, text)
    found = replace(spec, vetoes=own.vetoes, boosts=own.boosts, pins=state.pins, bans=state.bans, quotas=quotas)
    return with_sets(found, state)


def bare(spec: SelectionSpec) -> SelectionSpec:
    """A request without decisions; the sets that its options name stay."""
    named = set(map(str, spec.options.values()))
    sets = {name: rows for name, rows in spec.sets.items() if name in named}
    return replace(spec, vetoes={}, boosts={}, pins=(), bans=(), quotas=(), sets=sets)
