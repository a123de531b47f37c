"""A request as JSON has it, in manifests and saved selections, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

from core.errors import DataError
from core.schema import Selection, SelectionSpec
from core.selection.quotas import parsed


def spec_dict(selection: Selection) -> dict[str, Any]:
    """The spec as JSON has it. The dashboard selects by a prefix of the full order: its own length is the budget, but
    for quotas, which may be shares of a budget that they do not let it fill.
    """
    spec = selection.spec
    if spec.unit == "samples" and not spec.quotas:
        spec = replace(spec, budget=len(selection.rows))
    decided = {name: {str(f): how for f, how in getattr(spec, name).items()} for name in ("vetoes", "boosts")}
    told = asdict(spec) | decided
    for name in ("boosts", "quotas", "sets"):
        if not told[name]:  # as specs were before there were any
            del told[name]
    return json.loads(json.dumps(told, default=lambda n: n.item()))


def spec_from(found: dict[str, Any]) -> SelectionSpec:
    """A SelectionSpec from what `spec_dict` gave; raises DataError if it is none."""
    default = SelectionSpec()
    try:
        vetoes = {int(f): mode for f, mode in found["vetoes"].items()}
        boosts = {int(f): float(factor) for f, factor in found.get("boosts", {}).items()}
        rows = {name: tuple(int(row) for row in found[name]) for name in ("pins", "bans")}
        quotas = tuple(str(parsed(text)) for text in found.get("quotas", ()))
        sets = {name: tuple(int(row) for row in of) for name, of in found.get("sets", {}).items()}
        decided = {"vetoes": vetoes, "boosts": boosts, "quotas": quotas, "sets": sets}
        spec = SelectionSpec(**{**found, **rows, **decided, "theta": float(found["theta"])})
        wrong = [f.name for f in fields(spec) if type(getattr(spec, f.name)) is not type(getattr(default, f.name))]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {error}.") from error
    if wrong:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {', '.join(wrong)} cannot be used.")
    return spec
