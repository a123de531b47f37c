"""Why a boost changes nothing, and what would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.matrix.statistics import active_in
from core.matrix.transpose import row_sums
from core.schema import LARGEST_BOOST, NOUNS, FeatureMatrix, Selection
from core.selection.constraints import available, ignored
from core.selection.registry import METHODS


def unmoved(matrix: FeatureMatrix, selection: Selection, features: Sequence[int]) -> str:
    """Why the boosts of `features`, which the selection heeds, left it as it was, and what would not; in sentences."""
    spec, some = selection.spec, list(features)
    noun, it = NOUNS[spec.lens], "it" if len(some) == 1 else "one of them"
    if not METHODS[spec.method].counts:
        return f"{spec.method} does not count {noun}s: a method that does, such as sae-greedy, would heed it."
    if ignored(matrix, spec)[some].all():
        return f"What is ignored earns nothing: the {noun} must count first."
    having = _any_of(matrix, some) & available(matrix, spec)
    n, kept = int(having.sum()), int(having[selection.rows].sum())
    if n == kept == 0:
        barred = _any_of(matrix, some).any()
        return f"No sample that may be kept has {it}." if barred else f"No sample has {it} at θ = {spec.theta:.3g}."
    if kept == n:
        return f"All samples that have {it} are kept already."
    first = f"Of the {n:,} samples that have {it}, {kept:,} are kept"
    if max(spec.boosts.get(f, 1.0) for f in some) <= 1:
        return f"{first}, for the other {noun}s that they have: to leave them out, exclude its samples."
    return f"{first}; the others still bring less than what is kept. {_more(matrix, selection, some)} lets more in."


def _any_of(matrix: FeatureMatrix, features: list[int]) -> np.ndarray:
    """Which samples have one of the features: bool (N,)."""
    wanted = np.zeros(matrix.n_features)
    wanted[features] = 1
    return row_sums(matrix.indptr, matrix.feature, wanted) > 0


def _more(matrix: FeatureMatrix, selection: Selection, features: list[int]) -> str:
    """What gives more weight to samples that have the features."""
    spec, count = selection.spec, active_in(matrix, selection.rows)[features]
    if (count >= spec.multiplicity).all():  # covered: the next sample earns nothing for it, whatever it weighs
        return f"A multiplicity above {spec.multiplicity:,} (under Advanced) or a larger budget"
    larger = min(spec.boosts.get(f, 1.0) for f in features) < LARGEST_BOOST
    return "A larger factor or a larger budget" if larger else "A larger budget"
