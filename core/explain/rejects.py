"""Why each sample outside a selection is outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.explain.credit import ledger
from core.matrix.covering import covering_counts
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import available
from core.selection.inputs import SampleInfo
from core.selection.left_out import LeftOut
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from core.store.reader import FeatureStore

COVERING = 3  # picks named for each reject


def rejects(selection: Selection, store: FeatureStore, info: SampleInfo) -> list[dict[str, Any]]:
    """Why each sample outside the selection is outside, in row order; rows are those of the input file."""
    spec = selection.spec
    matrix, full = store.matrix(spec.scope, spec.theta, spec.lens), None
    if is_nested(spec) and METHODS[spec.method].quick:
        full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    book = ledger(matrix, selection, full)
    source = store.sample_columns()["source_row"]
    ptr, picks, _ = covering_counts(matrix.indptr, matrix.feature, book.credit, len(selection.rows))
    rows, out = np.setdiff1d(np.arange(matrix.n_samples), selection.rows), []
    for row, why in zip(rows.tolist(), reasons(matrix, selection, info, rows, source), strict=True):
        best = picks[ptr[row] : min(ptr[row + 1], ptr[row] + COVERING)]
        covered_by = source[selection.rows[best]].tolist()
        out.append(
            {
                "row": int(source[row]),
                "reason": why,
                "redundancy": round(float(book.redundancy[row]), 4),
                "gain_now": float(book.gain_now[row]),
                "admission_budget": int(book.budget_in[row]) if book.budget_in[row] > 0 else None,
                "covered_by": covered_by,
            }
        )
    return out


def reasons(
    matrix: FeatureMatrix,
    selection: Selection,
    samples: SampleInfo | None,
    rows: Sequence[int] | np.ndarray,
    named: np.ndarray | None = None,
) -> list[str]:
    """One phrase for each of `rows`, none of them picked: what kept it out, in the method's own words.

    named int64 (N,): what to call a row in a phrase, by default its number. Raises SelectionError as `select` does.
    """
    matrix, spec = at_theta(matrix, selection.spec.theta), selection.spec
    rows, allowed = np.asarray(rows, np.int64), available(matrix, spec)
    named = np.arange(matrix.n_samples) if named is None else named
    left = LeftOut(matrix, selection, samples, rows[allowed[rows]], named)
    if len(left.own):
        said = METHODS[spec.method].reason(left)
    else:
        said = [left.budget(row, "the pins take all of it") for row in left.rows.tolist()]
    by_method = dict(zip(left.rows.tolist(), said, strict=True))
    return [by_method.get(row) or decided(matrix, spec, row) for row in rows.tolist()]


def decided(matrix: FeatureMatrix, spec: SelectionSpec, row: int) -> str:
    """The decision that bars a sample: its ban, or the first feature of it that is vetoed."""
    if row in spec.bans:
        return "banned by hand"
    blocking = [feature for feature, mode in spec.vetoes.items() if mode == "block"]
    return f"activates the vetoed feature {np.intersect1d(matrix.row(row), blocking)[0]}"
