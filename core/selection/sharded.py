"""Greedy over shards, for more samples than memory holds: GreeDi (Mirzasoleiman, Karbasi, Sarkar and Krause 2013).

Each shard picks as many as the budget allows; greedy over all that were picked chooses among them. Shards are read
one at a time, once, and with the weights idf and mass once more before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import SelectionError
from core.matrix.rows import rows_of, stacked
from core.matrix.statistics import active_in
from core.matrix.threshold import at_theta
from core.schema import EQUAL, FeatureMatrix, Selection, SelectionSpec
from core.selection.checks import check_pins, check_spec
from core.selection.constraints import check_rows, feature_sums, ignored, pins, weights_by
from core.selection.coverage import greedy, weighted_greedy
from core.selection.picks import finish

# The shards of a matrix, read anew at each call: consecutive rows, of which the first shard has the first.
Shards = Callable[[], Iterable[FeatureMatrix]]


@dataclass(frozen=True)
class Candidates:
    """What a shard picked: rows int64 of all samples, ascending, pins among them; their matrix; its own selection, in
    these candidates' numbers, and the weight that it covers.
    """

    rows: np.ndarray
    matrix: FeatureMatrix
    selection: Selection
    covered: float


def check_sharded(spec: SelectionSpec) -> None:
    """Raise SelectionError for what shards cannot do: other methods, budgets in tokens, options, quotas."""
    if spec.method != "sae-greedy" or spec.unit != "samples" or spec.options or spec.quotas:
        raise SelectionError("Shards are for sae-greedy with a budget in samples, without options and quotas.")
    if len(pins(spec)) > spec.budget:
        raise SelectionError(f"The {len(pins(spec))} pins are more than the budget of {spec.budget}.")


def select_sharded(shards: Shards, spec: SelectionSpec) -> Selection:
    """SAE-GreedSelect over shards: of one it is exactly `select`, of m it covers at least (1 − 1/e) / min(m, k) of the
    weight that the best k samples cover.

    Some shard holds an m-th of what the best k cover, and its own greedy finds 1 − 1/e of that; a single sample covers
    a k-th. The merged picks give way to those of a shard that cover more, unless there are pins, which the bound leaves
    out of account. Raises SelectionError as `select` and `check_sharded` do.
    """
    check_sharded(spec)
    weight, n, found = global_weights(shards, spec), 0, list[Candidates]()
    best: Candidates | None = None
    for matrix in shards():
        own = candidates(at_theta(matrix, spec.theta), n, spec, weight)
        n, best = n + matrix.n_samples, own if best is None or own.covered > best.covered else best
        found.append(own)
    rows = np.concatenate([one.rows for one in found])
    check_rows([*spec.pins, *spec.bans], n)
    if spec.budget > n or not len(rows):
        raise SelectionError(f"{len(rows)} of the {n} samples are available for a budget of {spec.budget}.")
    union, within = stacked([one.matrix for one in found]), mapped(spec, rows)
    check_pins(union, within)
    chosen = picks(union, within, weight)
    if best is not None and not spec.pins and best.covered > covered(union, chosen, weight):
        at = np.searchsorted(rows, best.rows[best.selection.rows])
        chosen = finish(union, within, at, best.selection.round, weight)
    return replace(chosen, spec=spec, rows=rows[chosen.rows], weight=None)


def global_weights(shards: Shards, spec: SelectionSpec) -> np.ndarray | None:
    """w_f by all samples, float64 (F,); None where every feature that earns credit counts 1."""
    if spec.counts_alike:
        return None
    n, sums = 0, np.zeros(0)
    for matrix in shards():
        matrix = at_theta(matrix, spec.theta)
        own = feature_sums(matrix, spec)
        n, sums = n + matrix.n_samples, own if n == 0 else sums + own
        if spec.weights in EQUAL:
            break  # only the boosts count
    return weights_by(n, sums, spec)


def candidates(matrix: FeatureMatrix, first: int, spec: SelectionSpec, weight: np.ndarray | None) -> Candidates:
    """What greedy picks of a shard whose first row is `first`."""
    own = mapped(spec, np.arange(first, first + matrix.n_samples))
    check_spec(matrix, own)
    found = picks(matrix, own, weight)
    rows = np.sort(found.rows)
    chosen = rows_of(matrix, rows)
    found = replace(found, rows=np.searchsorted(rows, found.rows))
    return Candidates(rows + first, chosen, found, covered(chosen, found, weight))


def mapped(spec: SelectionSpec, rows: np.ndarray) -> SelectionSpec:
    """The request for a matrix of some rows int64 of all samples, ascending: their pins and bans, at most as many."""
    budget = min(spec.budget, len(rows))
    return replace(spec, budget=budget, sets={}, pins=places(rows, spec.pins), bans=places(rows, spec.bans))


def places(rows: np.ndarray, wanted: Sequence[int]) -> tuple[int, ...]:
    """Where those of `wanted` that are among rows int64, ascending, stand in them."""
    at = np.searchsorted(rows, np.array(wanted, np.int64))
    there = at < len(rows)
    there[there] = rows[at[there]] == np.array(wanted, np.int64)[there]
    return tuple(at[there].tolist())


def picks(matrix: FeatureMatrix, spec: SelectionSpec, weight: np.ndarray | None) -> Selection:
    """Greedy with the weights of all samples."""
    return greedy(matrix, spec) if weight is None else weighted_greedy(matrix, spec, None, weight)


def covered(matrix: FeatureMatrix, selection: Selection, weight: np.ndarray | None) -> float:
    """The weight that a selection covers, each feature as often as it may be credited."""
    counts = np.minimum(active_in(matrix, selection.rows), selection.spec.multiplicity)
    counts[ignored(matrix, selection.spec)] = 0
    return float(counts.sum() if weight is None else weight @ counts)
