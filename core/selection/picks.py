"""How picks in order become a Selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.matrix.covering import walk_covered
from core.matrix.greedy import fill
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, ignored, pins, weights
from core.selection.inputs import SampleInfo, costs


def finish(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    rows: np.ndarray,
    rounds: np.ndarray,
    weight: np.ndarray | None = None,
    details: Mapping[str, Any] | None = None,
) -> Selection:
    """The Selection of these picks, with the gain of each within its round and the features covered after it.

    weight float64 (F,): the method's own w_f, instead of those that the spec names.
    """
    w = weights(matrix, spec) if weight is None else weight
    gains, covered, _ = walk_covered(
        matrix.indptr, matrix.feature, rows, rounds, w, ignored(matrix, spec), spec.multiplicity
    )
    return Selection(spec, rows, gains, rounds, covered, weight=weight, details=details or {})


def by_order(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    samples: SampleInfo | None,
    order: np.ndarray,
    details: Mapping[str, Any] | None = None,
) -> Selection:
    """The pins, then the available samples of `order` int64 as far as the budget goes, in one round."""
    cost, allowed, first = costs(matrix, spec, samples), candidates(matrix, spec), pins(spec)
    rows = np.empty(matrix.n_samples, np.int64)
    rows[: len(first)] = first
    n = fill(order[allowed[order]], cost, spec.budget - cost[first].sum(), rows, len(first))
    return finish(matrix, spec, rows[:n], np.ones(n, np.int32), details=details)
