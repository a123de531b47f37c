"""A request as JSON has it, in manifests and saved selections, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

from core.errors import DataError
from core.schema import Selection, SelectionSpec


def spec_dict(selection: Selection) -> dict[str, Any]:
    """The spec as JSON has it. The dashboard selects by a prefix of the full order: its own length is the budget."""
    spec = selection.spec
    if spec.unit == "samples":
        spec = replace(spec, budget=len(selection.rows))
    decided = {name: {str(f): how for f, how in getattr(spec, name).items()} for name in ("vetoes", "boosts")}
    if not spec.boosts:  # as specs were before there were any
        del decided["boosts"]
    told = {name: value for name, value in asdict(spec).items() if name != "boosts"} | decided
    return json.loads(json.dumps(told, default=lambda n: n.item()))


def spec_from(found: dict[str, Any]) -> SelectionSpec:
    """A SelectionSpec from what `spec_dict` gave; raises DataError if it is none."""
    default = SelectionSpec()
    try:
        vetoes = {int(f): mode for f, mode in found["vetoes"].items()}
        boosts = {int(f): float(factor) for f, factor in found.get("boosts", {}).items()}
        rows = {name: tuple(int(row) for row in found[name]) for name in ("pins", "bans")}
        spec = SelectionSpec(**{**found, **rows, "vetoes": vetoes, "boosts": boosts, "theta": float(found["theta"])})
        wrong = [f.name for f in fields(spec) if type(getattr(spec, f.name)) is not type(getattr(default, f.name))]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {error}.") from error
    if wrong:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {', '.join(wrong)} cannot be used.")
    return spec
