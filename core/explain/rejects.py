"""Why each sample outside a selection is outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.explain.credit import ledger
from core.matrix.covering import covering_counts
from core.schema import Selection, SelectionSpec
from core.selection.constraints import available
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from core.store.reader import FeatureStore

COVERING = 3  # picks named for each reject


def rejects(selection: Selection, store: FeatureStore, info: SampleInfo) -> list[dict[str, Any]]:
    """Why each sample outside the selection is outside, in row order; rows are those of the input file."""
    spec = selection.spec
    matrix, full = store.matrix(spec.scope, spec.theta), None
    if is_nested(spec) and METHODS[spec.method].quick:
        full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    book = ledger(matrix, selection, full)
    source = store.sample_columns()["source_row"]
    ptr, picks, _ = covering_counts(matrix.indptr, matrix.feature, book.credit, len(selection.rows))
    allowed, out = available(matrix, spec), []
    for row in np.setdiff1d(np.arange(matrix.n_samples), selection.rows).tolist():
        best = picks[ptr[row] : min(ptr[row + 1], ptr[row] + COVERING)]
        covered_by = source[selection.rows[best]].tolist()
        out.append(
            {
                "row": int(source[row]),
                "reason": reason(row, spec, matrix, bool(allowed[row]), float(book.redundancy[row])),
                "redundancy": round(float(book.redundancy[row]), 4),
                "gain_now": float(book.gain_now[row]),
                "admission_budget": int(book.budget_in[row]) if book.budget_in[row] > 0 else None,
                "covered_by": covered_by,
            }
        )
    return out


def reason(row: int, spec: SelectionSpec, matrix: Any, allowed: bool, redundancy: float) -> str:
    """One phrase: what kept a sample out."""
    if row in spec.bans:
        return "banned by hand"
    if not allowed:
        blocked = sorted(f for f, mode in spec.vetoes.items() if mode == "block" and f in set(matrix.row(row).tolist()))
        return f"activates the vetoed feature {blocked[0]}"
    if too_redundant(spec, redundancy):
        return "redundant: the selection has its features"
    return "budget: other samples bring more"


def too_redundant(spec: SelectionSpec, redundancy: float) -> bool:
    """Whether the method passes over such a sample; one that does not look at features passes over none."""
    if spec.method == "sae-simscale":
        return redundancy > spec.options.get("tau", 0.8)
    return spec.method == "sae-greedy" and redundancy >= 1
