"""Methods that use a run of iterative refinement (arXiv 2409.11378)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.clustering import Clusters, allocate
from core.selection.constraints import candidates, pins
from core.selection.coverage import weighted_greedy
from core.selection.inputs import Refined, SampleInfo, costs
from core.selection.picks import by_order


def kmq_iterative(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """k-means-quality with iterative refinement: the samples of a run of core.refine, in the order they came."""
    run = _refined(matrix, spec, samples)
    if spec.unit == "samples" and spec.budget > len(run.rows):
        raise SelectionError(
            f"The run of refinement has drawn {len(run.rows)} samples, not {spec.budget}: refine with a larger budget."
        )
    return by_order(matrix, spec, samples, run.rows, details={"clusters": Clusters(len(run.weight), run.label, None)})


def hybrid(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """sae-greedy inside the clusters of a run of refinement, each with a share of the budget ∝ its refined weight."""
    run, cost = _refined(matrix, spec, samples), costs(matrix, spec, samples)
    free, first = candidates(matrix, spec), pins(spec)
    most = np.bincount(run.label[free], cost[free], minlength=len(run.weight)).astype(np.int64)
    room = allocate(run.weight, most, spec.budget - int(cost[first].sum()))
    found = weighted_greedy(matrix, spec, samples, None, run.label, room)
    details = {"clusters": Clusters(len(run.weight), run.label, None), "quota": room}
    return replace(found, details=details)


def _refined(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> Refined:
    if samples is None or samples.refined is None:
        raise SelectionError(f"{spec.method} needs a run of refinement: pass samples=SampleInfo(..., refined=...).")
    run = samples.refined(str(spec.options.get("run", "")))
    if len(run.label) != matrix.n_samples:
        raise SelectionError(
            f"The run of refinement is of {len(run.label)} samples, the matrix has {matrix.n_samples}."
        )
    return run
