"""How near a selection over shards is, at least, to the best of its size: the certificate, shard by shard."""

from __future__ import annotations

import numpy as np

from core.explain.certificates import Certificate
from core.matrix.statistics import active_in
from core.matrix.threshold import at_theta
from core.schema import Selection
from core.selection.constraints import available, ignored
from core.selection.left_out import weight_sums
from core.selection.sharded import Shards, global_weights, mapped


def certificate_over(shards: Shards, selection: Selection) -> Certificate:
    """The certificate of a selection by `select_sharded` over all samples, as `certificate` gives it of one matrix.

    Reads the shards twice: what the picks and what all samples cover, then the largest gains left. Once more before
    that for the weights idf and mass.
    """
    spec, r = selection.spec, selection.spec.multiplicity
    count, has, first = np.zeros(0, np.int64), np.zeros(0, np.int64), 0
    weight = global_weights(shards, spec)
    for matrix in shards():
        matrix, rows = at_theta(matrix, spec.theta), np.arange(first, first + matrix.n_samples)
        allowed = available(matrix, mapped(spec, rows))
        picked, everybody = (active_in(matrix, of) for of in (inside(selection.rows, rows), np.flatnonzero(allowed)))
        skip = ignored(matrix, spec)
        count, has = (picked, everybody) if first == 0 else (count + picked, has + everybody)
        first += matrix.n_samples
    weight = np.where(skip, 0.0, np.ones(len(has)) if weight is None else weight)
    covered, most = (float(weight @ np.minimum(of, r)) for of in (count, has))
    more = largest_left(shards, selection, weight * (count < r))
    bound = max(covered, min(most, covered + more))
    return Certificate(covered, bound, covered / bound if bound > 0 else 1.0)


def largest_left(shards: Shards, selection: Selection, weight: np.ndarray) -> float:
    """The sum of the k largest gains, by weight float64 (F,), of samples that are allowed and not picked."""
    k, largest, first = len(selection.rows), np.zeros(0), 0
    for matrix in shards():
        matrix, rows = at_theta(matrix, selection.spec.theta), np.arange(first, first + matrix.n_samples)
        allowed = available(matrix, mapped(selection.spec, rows))
        allowed[inside(selection.rows, rows)] = False
        largest = np.concatenate([largest, weight_sums(matrix, weight)[allowed]])
        largest = largest[np.argsort(-largest, kind="stable")[:k]]
        first += matrix.n_samples
    return float(largest.sum())


def inside(picks: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Those of `picks` int64 that are among consecutive `rows` int64, counted from the first of these: int64."""
    return picks[(picks >= rows[0]) & (picks <= rows[-1])] - rows[0]
