"""Methods that take what is most like a few targets: samples of a set, of a tag, or of another store.

A target may be one of the samples to choose from; it is then the one most like itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.errors import SelectionError
from core.matrix.rows import rows_of
from core.matrix.threshold import at_theta
from core.matrix.turns import in_turn, jaccards
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, ignored, pins, weights
from core.selection.inputs import SampleInfo, at_once, unit_vectors, vectors_name
from core.selection.left_out import LeftOut
from core.selection.picks import by_order

MOST_TARGETS = 1000  # each is compared with every sample


def nearest(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The targets take turns, each the sample whose vector has the largest cosine with its own (RDS+, arXiv
    2503.01807).

    Raises SelectionError without the option `reference`, for more than MOST_TARGETS targets, without vectors, and for
    other vectors than the model's beside another store, whose samples have none of these.
    """
    units, rows = unit_vectors(matrix, spec, samples), target_rows(spec)
    if rows is not None:
        targets = units[rows]
    else:
        if samples is None or samples.target_vectors is None or samples.reference is None:
            raise SelectionError(no_reference(spec))
        if vectors_name(spec) != "residual":
            raise SelectionError(
                f"The samples of the reference {reference_name(spec)} have no vectors in {vectors_name(spec)}: take a "
                "set of samples as the reference, or the vectors residual."
            )
        targets = samples.target_vectors(reference_name(spec))
    return _by_likeness(matrix, spec, samples, lambda: _limited(targets) @ units.T)


def jaccard(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The targets take turns, each the sample whose features are most like its own: the sum of the smaller values over
    the sum of the larger ones (after arXiv 2503.15573), each feature with its weight.

    Raises SelectionError without the option `reference`, and for more than MOST_TARGETS targets.
    """
    return _by_likeness(matrix, spec, samples, lambda: _jaccards(matrix, spec, samples))


def _jaccards(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """How like the targets the samples are by their features: float32 (T, N)."""
    weight = np.where(ignored(matrix, spec), 0.0, weights(matrix, spec))
    reference = target_matrix(matrix, spec, samples)
    _limited(reference.counts)
    likeness = np.zeros((reference.n_samples, matrix.n_samples), np.float32)
    for t in range(reference.n_samples):
        target = np.zeros(matrix.n_features)
        target[reference.row(t)] = reference.value[reference.indptr[t] : reference.indptr[t + 1]]
        likeness[t] = jaccards(matrix.indptr, matrix.feature, matrix.value, weight, target)
    return likeness


def _by_likeness(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, compare: Callable[[], np.ndarray]
) -> Selection:
    """The targets in turn by their likeness float32 (T, N), which `compare` gives: remembered if `samples` can, as
    within quotas a selection is made in steps that differ in their pins, bans and budget alone.
    """
    alike = replace(spec, budget=1, unit="samples", pins=(), bans=(), quotas=(), sets={})
    name = reference_name(spec)
    remember = samples.remember if samples else at_once
    likeness = remember(("likeness", name, vectors_name(spec), (spec.sets.get(name), repr(alike))), compare)
    n = spec.budget if spec.unit == "samples" else matrix.n_samples
    first = len(pins(spec))  # as if they had had their turns, so that a selection can be gone on with
    order = in_turn(np.ascontiguousarray(likeness, np.float32), candidates(matrix, spec), n, first)
    return by_order(matrix, spec, samples, order, details={"nearest target": likeness.max(0)})


def likeness_reason(left: LeftOut, what: str) -> list[str]:
    """How like the nearest target it is, by what the likeness is called: its turn did not come."""
    near = left.selection.details["nearest target"]
    why = f"samples more like the targets come first; its {what} to the nearest is {{:.4f}}"
    return [left.budget(row, why.format(near[row])) for row in left.rows.tolist()]


# --- the targets


def target_matrix(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> FeatureMatrix:
    """The features of the samples that the option `reference` names, at θ.

    Raises SelectionError without it, and if they do not have the same features.
    """
    rows = target_rows(spec)
    if rows is not None:
        return rows_of(matrix, rows)
    if samples is None or samples.reference is None or not spec.options.get("reference"):
        raise SelectionError(no_reference(spec))
    found = at_theta(samples.reference(reference_name(spec), spec.scope, spec.lens), spec.theta)
    check_features(matrix, found)
    return found


def check_features(matrix: FeatureMatrix, reference: FeatureMatrix) -> None:
    """Raise SelectionError if two matrices do not have the same features."""
    if reference.n_features != matrix.n_features:
        raise SelectionError(
            f"The reference has {reference.n_features} features and the data {matrix.n_features}: extract it with the "
            "same SAE."
        )


def target_rows(spec: SelectionSpec) -> np.ndarray | None:
    """The rows of the set or tag that the option `reference` names, int64; None where it names a store."""
    name = reference_name(spec)
    rows = spec.sets.get(name)
    if rows is not None and not rows:
        raise SelectionError(f"The reference {name} has no samples.")
    if rows is None and name.startswith(("set:", "tag:")):
        raise SelectionError(f"The reference {name} names no {name[:3]} that is there.")
    return None if rows is None else np.array(rows, np.int64)


def reference_name(spec: SelectionSpec) -> str:
    """What the option `reference` says; raises SelectionError without it."""
    if not spec.options.get("reference"):
        raise SelectionError(no_reference(spec))
    return str(spec.options["reference"])


def no_reference(spec: SelectionSpec) -> str:
    """That a method lacks its targets."""
    return (
        f"{spec.method} needs the option reference: a set of samples such as set:NAME, or the feature store of "
        "examples of what the model should get good at, extracted with the same model and SAE."
    )


def _limited(targets: np.ndarray) -> np.ndarray:
    if len(targets) > MOST_TARGETS:
        raise SelectionError(f"The reference has {len(targets):,} samples: at most {MOST_TARGETS:,} can be targets.")
    return targets
