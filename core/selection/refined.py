"""Methods that use a run of iterative refinement (arXiv 2409.11378)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.clustering import Clusters, allocate, by_cluster_reason, in_turns
from core.selection.constraints import candidates, pins
from core.selection.coverage import adds_nothing, weighted_greedy
from core.selection.inputs import Refined, SampleInfo, costs
from core.selection.left_out import LeftOut
from core.selection.picks import by_order
from core.system.shown import many


def kmq_iterative(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """k-means-quality with iterative refinement: the samples of a run of core.refine, in the order they came.

    With a budget below the run's, places are given out anew by the clusters' last weights, not to the first rounds.
    Raises SelectionError without a run, or for more samples than it has drawn.
    """
    run, cost = _refined(matrix, spec, samples), costs(matrix, spec, samples)
    if spec.unit == "samples" and spec.budget > len(run.rows):
        raise SelectionError(
            f"The run of refinement has drawn {many(len(run.rows), 'sample')}, not {spec.budget}: "
            "refine with a larger budget."
        )
    order, budget = run.rows[candidates(matrix, spec)[run.rows]], spec.budget - int(cost[pins(spec)].sum())
    most = np.bincount(run.label[order], cost[order], minlength=len(run.weight)).astype(np.int64)
    quota = most
    if most.sum() > budget:
        quota, place = allocate(run.weight, most, budget), np.zeros(matrix.n_samples)
        place[order] = np.arange(len(order))
        order = np.concatenate([in_turns(order, run.label, place, quota, cost), order])
        order = order[np.sort(np.unique(order, return_index=True)[1])]  # each once, where it first stands
    details = {"clusters": Clusters(len(run.weight), run.label, None), "quota": quota}
    return by_order(matrix, spec, samples, order, details=details)


def kmq_iterative_reason(left: LeftOut) -> list[str]:
    """Whether the run has drawn it; if so, the places of its cluster."""
    drawn = set(_refined(left.matrix, left.spec, left.samples).rows.tolist())
    places = by_cluster_reason(left, "drawn before it")
    return [
        why if row in drawn else "the run of refinement has not drawn it"
        for row, why in zip(left.rows.tolist(), places, strict=True)
    ]


def hybrid(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """sae-greedy inside the clusters of a run of refinement, each with a share of the budget ∝ its refined weight.

    Places that a cluster cannot use go to the others, in the round that is going on. Raises SelectionError without a
    run.
    """
    run, cost = _refined(matrix, spec, samples), costs(matrix, spec, samples)
    free, first = candidates(matrix, spec), pins(spec)
    most = np.bincount(run.label[free], cost[free], minlength=len(run.weight)).astype(np.int64)
    room = allocate(run.weight, most, spec.budget - int(cost[first].sum()))
    found = weighted_greedy(matrix, spec, samples, None, run.label, room)
    details = {"clusters": Clusters(len(run.weight), run.label, None), "quota": room}
    return replace(found, details=details)


def hybrid_reason(left: LeftOut) -> list[str]:
    """Whether it would add anything; if so, the places of its cluster."""
    places = by_cluster_reason(left, "that bring as much or more")
    return [nothing or why for nothing, why in zip(adds_nothing(left), places, strict=True)]


def _refined(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> Refined:
    if samples is None or samples.refined is None:
        raise SelectionError(f"{spec.method} needs a run of refinement: pass samples=SampleInfo(..., refined=...).")
    run = samples.refined(str(spec.options.get("run", "")))
    if len(run.label) != matrix.n_samples:
        raise SelectionError(
            f"The run of refinement is of {len(run.label)} samples, the matrix has {matrix.n_samples}."
        )
    return run
