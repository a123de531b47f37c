"""How near a selection is, at least, to the best of its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import active_in
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection
from core.selection.bounds import Bounds
from core.selection.constraints import available
from core.selection.gain import Gain
from core.selection.inputs import SampleInfo, costs
from core.selection.left_out import credit_weights, weight_sums


@dataclass(frozen=True)
class Certificate:
    """No selection with this budget has more of something, the weight covered or the method's gain, than `bound`; share
    = covered / bound.
    """

    covered: float
    bound: float
    share: float
    of: str = "coverage"


def certificate(matrix: FeatureMatrix, selection: Selection, samples: SampleInfo | None = None) -> Certificate:
    """How near a selection S of size k is to the best: OPT_k ≤ f(S) + the k largest gains left, and ≤ all there is.

    f(S) sums w_f · min(r, picks that have f); the best is over the samples that vetoes and bans leave. Within quotas
    the best keeps to them too, so that of a group no more gains count than its most. With a budget in tokens it is
    OPT ≤ f(S) + the largest sum of gains left that fits in the budget, the last of them in part (Dantzig's bound of the
    knapsack, 1957; quotas are left out of account); that takes `samples`. For a method with an objective of its own f
    is that. Raises SelectionError for tokens without `samples`.
    """
    spec, matrix = selection.spec, at_theta(matrix, selection.spec.theta)
    allowed, own = available(matrix, spec), selection.details.get("objective")
    measured = _by_objective(own, selection, allowed) if own else _by_coverage(matrix, selection, allowed)
    covered, most, gains = measured
    allowed[selection.rows] = False
    gains = np.where(allowed, gains, 0.0)
    if spec.unit == "samples":
        more = largest_gains(gains, len(selection.rows), selection.details.get("bounds", ()))
    else:
        more = fractional(gains, costs(matrix, spec, samples), spec.budget)
    bound = max(covered, min(most, covered + more))  # max: against rounding
    return Certificate(covered, bound, covered / bound if bound > 0 else 1.0, "gain" if own else "coverage")


def _by_coverage(matrix: FeatureMatrix, selection: Selection, allowed: np.ndarray) -> tuple[float, float, np.ndarray]:
    """The weight that the picks cover, that all allowed samples do, and what each would add: float64 (N,)."""
    weight, r = credit_weights(matrix, selection), selection.spec.multiplicity
    count = active_in(matrix, selection.rows)
    most = float(weight @ np.minimum(active_in(matrix, np.flatnonzero(allowed)), r))
    return float(weight @ np.minimum(count, r)), most, weight_sums(matrix, weight * (count < r))


def _by_objective(own: Gain, selection: Selection, allowed: np.ndarray) -> tuple[float, float, np.ndarray]:
    """The same for a method with an objective of its own."""
    return own.value(selection.rows), own.value(np.flatnonzero(allowed)), own.added(selection.rows)


def largest_gains(gains: np.ndarray, k: int, bounds: Sequence[Bounds] = ()) -> float:
    """The largest sum of k of the gains float64 (N,) ≥ 0, with no more of a group than each of `bounds` lets in."""
    order, sums = np.argsort(-gains, kind="stable"), []
    for one in bounds:
        if one.unit == "samples":
            label = one.label[order]
            by_group = np.argsort(label, kind="stable")
            place = np.empty(len(label), np.int64)  # of each within its group
            place[by_group] = np.arange(len(label)) - np.searchsorted(label[by_group], label[by_group])
            sums.append(gains[order[(label < 0) | (place < one.most[label])][:k]].sum())
    return float(min(sums, default=gains[order[:k]].sum()))


def fractional(gains: np.ndarray, cost: np.ndarray, room: int) -> float:
    """The largest sum of gains float64 (M,) ≥ 0 whose costs int64 (M,) ≥ 1 fit in `room`, one of them in part."""
    order = np.argsort(-gains / cost, kind="stable")
    before = np.cumsum(cost[order]) - cost[order]
    return float(gains[order] @ np.clip((room - before) / cost[order], 0, 1))
