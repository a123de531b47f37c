"""Why each sample outside a selection is outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.explain.credit import ledger
from core.explain.naming import Names
from core.matrix.likeness import covers_of_each, nearest_of_each
from core.matrix.rows import others
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.bounds import full_groups
from core.selection.constraints import available, ignored
from core.selection.inputs import SampleInfo
from core.selection.left_out import LeftOut
from core.selection.quotas import parsed
from core.selection.registry import METHODS
from core.selection.run import is_nested, select
from core.store.reader import FeatureStore

COVERING = 3  # kept samples named for each reject


def rejects(
    selection: Selection, store: FeatureStore, info: SampleInfo, names: Names | None = None
) -> list[dict[str, Any]]:
    """Why each sample outside the selection is outside, in row order; rows are those of the input file.

    covered_by: the first of its `smallest_cover`; most_similar: the kept row most like it, and how similar it is.
    """
    spec = selection.spec
    matrix, full = store.matrix(spec.scope, spec.theta, spec.lens), None
    if is_nested(spec) and METHODS[spec.method].quick:
        full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    book, kept, skip = ledger(matrix, selection, full), np.sort(selection.rows), ignored(matrix, spec)
    rows, source = others(matrix.n_samples, kept), store.sample_columns("source_row")["source_row"]
    covers = covers_of_each(matrix, kept, rows, skip, COVERING)
    near, similarity = nearest_of_each(matrix, kept, rows, skip)
    why = reasons(matrix, selection, info, rows, source, names)
    return [
        {
            "row": int(source[row]),
            "reason": why[i],
            "redundancy": round(float(book.redundancy[row]), 4),
            "gain_now": float(book.gain_now[row]),
            "admission_budget": int(book.budget_in[row]) if book.budget_in[row] > 0 else None,
            "covered_by": source[kept[covers[i][covers[i] >= 0]]].tolist(),
            "most_similar": int(source[kept[near[i]]]) if near[i] >= 0 else None,
            "similarity": round(float(similarity[i]), 4),
        }
        for i, row in enumerate(rows.tolist())
    ]


def reasons(
    matrix: FeatureMatrix,
    selection: Selection,
    samples: SampleInfo | None,
    rows: Sequence[int] | np.ndarray,
    named: np.ndarray | None = None,
    names: Names | None = None,
) -> list[str]:
    """One phrase for each of `rows`, none of them picked: the decision that bars it, else the method's own words.

    named int64 (N,): what to call a row in a phrase, by default its number. Raises SelectionError as `select` does.
    """
    matrix, spec = at_theta(matrix, selection.spec.theta), selection.spec
    rows, allowed = np.asarray(rows, np.int64), available(matrix, spec)
    named = np.arange(matrix.n_samples) if named is None else named
    quota = by_quota(selection, rows[allowed[rows]])
    left = LeftOut(matrix, selection, samples, np.setdiff1d(rows[allowed[rows]], list(quota)), named)
    if len(left.own):
        said = METHODS[spec.method].reason(left)
    else:
        said = [left.budget(row, "the pins take all of it") for row in left.rows.tolist()]
    why = quota | dict(zip(left.rows.tolist(), said, strict=True))
    return [why.get(row) or decided(matrix, spec, row, names or Names()) for row in rows.tolist()]


def by_quota(selection: Selection, rows: np.ndarray) -> dict[int, str]:
    """Those of `rows` int64 that the quotas keep out, each with the phrase that says which."""
    bounds = selection.details.get("bounds", ())
    if not bounds:
        return {}
    full = full_groups(bounds, selection.rows, rows)
    rest = "" if selection.details["free"] else "the groups with a least share take the whole budget"
    said = [f"the quota “{parsed(quota).told()}” leaves no room for it" if quota else rest for quota in full]
    return {row: f"quota: {why}" for row, why in zip(rows.tolist(), said, strict=True) if why}


def decided(matrix: FeatureMatrix, spec: SelectionSpec, row: int, names: Names) -> str:
    """The decisions that bar a sample: its ban, and the excluded features that it has."""
    which = excluded_in(matrix, spec, row)
    excluded = f"excluded: it has {names.numbered(which, spec.lens)}" if len(which) else ""
    return "; ".join(filter(None, ["banned by hand" if row in spec.bans else "", excluded]))


def excluded_in(matrix: FeatureMatrix, spec: SelectionSpec, row: int) -> np.ndarray:
    """The features of a sample whose samples are excluded: int, ascending."""
    return np.intersect1d(matrix.row(row), [feature for feature, mode in spec.vetoes.items() if mode == "block"])
