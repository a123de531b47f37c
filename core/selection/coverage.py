"""Methods that count which features the picks cover."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import SelectionError
from core.matrix import greedy as kernels
from core.matrix.greedy import credits, greedy_heap
from core.matrix.postings import postings
from core.matrix.similarity import nearest_rounds, similarity_rounds
from core.matrix.threshold import at_theta
from core.matrix.transpose import row_sums
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import available, candidates, ignored, pins, weights
from core.selection.inputs import SampleInfo, costs, score_column
from core.selection.picks import finish

ADDS_ONE = 1 - 1e-9  # the largest share of a set that can be covered while something of it is new


def greedy(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """SAE-GreedSelect (arXiv 2502.14050): always the sample with the largest marginal gain, ties to the lowest row.

    When no sample gains, a new round starts with nothing covered. With a budget in samples the picks are nested.
    With the option `quality`, gains are multiplied by that score column, which must not be negative.
    """
    if spec.unit == "samples" and spec.weights == "uniform" and not spec.options.get("quality"):
        return _continued(matrix, spec, np.empty(0, np.int64), np.empty(0, np.int32))
    return weighted_greedy(matrix, spec, samples)


def _continued(matrix: FeatureMatrix, spec: SelectionSpec, rows: np.ndarray, rounds: np.ndarray) -> Selection:
    """Greedy for equal weights, going on after the first picks `rows` of their `rounds`; with none, after the pins."""
    start = rows if len(rows) else pins(spec)
    rounds = rounds if len(rows) else np.zeros(len(start), np.int32)
    budget = min(spec.budget, matrix.n_samples)
    rows, rounds, gains = kernels.greedy(
        matrix.indptr, matrix.feature, *postings(matrix), credits(ignored(matrix, spec), spec.multiplicity),
        available(matrix, spec), start, rounds, budget,
    )  # fmt: skip
    if len(start) or spec.multiplicity > 1:
        return finish(matrix, spec, rows, rounds)
    covered = np.cumsum(np.where(rounds == 1, gains, 0))  # the first round ends when nothing is left to cover
    return Selection(spec, rows, gains.astype(np.float64), rounds, covered)


def weighted_greedy(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    samples: SampleInfo | None,
    weight: np.ndarray | None = None,
    group: np.ndarray | None = None,
    room: np.ndarray | None = None,
) -> Selection:
    """Greedy for any weights. For tokens the better of gain per token and plain gain, by the weight it covers.

    group int32 (N,) and room int64 (G,): what each group may take of the budget.
    """
    if group is None or room is None:
        group, room = np.zeros(matrix.n_samples, np.int32), np.array([spec.budget], np.int64)
    quality = np.ones(matrix.n_samples)
    if spec.options.get("quality"):
        quality = score_column(matrix, spec, samples, "quality", least=0)
    used = np.where(ignored(matrix, spec), 0.0, weights(matrix, spec) if weight is None else weight)
    found = []
    for per_cost in (True, False) if spec.unit == "tokens" else (False,):
        picks = greedy_heap(
            matrix.indptr, matrix.feature, used, available(matrix, spec), pins(spec), costs(matrix, spec, samples),
            quality, spec.budget, spec.multiplicity, per_cost, group, room,
        )  # fmt: skip
        found.append(finish(matrix, spec, *picks, weight))
    return max(found, key=lambda s: finish(matrix, spec, s.rows, np.ones_like(s.round), weight).gains.sum())


def simscale(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """SAE-SimScale (arXiv 2502.14050): by number of active features, while at most the share tau is covered already.

    Option against: union, of all accepted so far; or nearest, the largest Jaccard similarity to one of them. Going
    round again with nothing covered until the budget is filled.
    """
    skip, tau = ignored(matrix, spec), float(spec.options.get("tau", 0.8))
    task = (_fullest(matrix, skip, candidates(matrix, spec)), pins(spec), costs(matrix, spec, samples), spec.budget)
    if spec.options.get("against", "union") == "nearest":
        picks = nearest_rounds(matrix.indptr, matrix.feature, skip, *task, tau)
    else:
        most = credits(skip, spec.multiplicity)
        picks = similarity_rounds(matrix.indptr, matrix.feature, most, *task, tau)
    return finish(matrix, spec, *picks)


def _fullest(matrix: FeatureMatrix, skip: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The allowed samples by number of features, most first: int64."""
    size = row_sums(matrix.indptr, matrix.feature, (~skip).astype(np.float64))
    order = np.argsort(-size, kind="stable")
    return order[allowed[order]]


def instag(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """#InsTag (arXiv 2308.07074), complexity first: most tags first, accepted if it adds a tag; then a new round.

    Option tags: a column of the data with lists of tags. Without it a sample's active features are its tags.
    """
    name, tags, skip = spec.options.get("tags"), matrix, ignored(matrix, spec)
    if name:
        if samples is None or samples.tags is None:
            raise SelectionError("The option tags needs the data's columns: pass samples=SampleInfo(..., tags=...).")
        tags = samples.tags(str(name))
        skip = np.zeros(tags.n_features, bool)
    order = _fullest(tags, skip, candidates(matrix, spec))
    task = (order, pins(spec), costs(matrix, spec, samples), spec.budget)
    picks = similarity_rounds(tags.indptr, tags.feature, credits(skip, 1), *task, ADDS_ONE)
    return finish(matrix, spec, *picks)


def reference_guided(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Greedy coverage of what a second data set activates more than this one, as `reference_weights` weighs it."""
    name = spec.options.get("reference")
    if not name or samples is None or samples.reference is None:
        raise SelectionError(
            "reference-guided needs the option reference: the feature store of examples of what the model should get "
            "good at, extracted with the same model and SAE."
        )
    weight = reference_weights(matrix, at_theta(samples.reference(str(name), spec.scope), spec.theta))
    return weighted_greedy(matrix, spec, samples, weight)


def reference_weights(matrix: FeatureMatrix, reference: FeatureMatrix) -> np.ndarray:
    """w_f, float64 (F,): by how much the share of samples with the feature is larger in the reference, at least 0.

    Raises SelectionError if the two do not have the same features, or the reference activates none more.
    """
    if reference.n_features != matrix.n_features:
        raise SelectionError(
            f"The reference has {reference.n_features} features and the data {matrix.n_features}: extract it with the "
            "same SAE."
        )
    weight = np.maximum(reference.density() - matrix.density(), 0)
    if not weight.any():
        raise SelectionError("The reference activates no feature more often than the data does: nothing to steer to.")
    return weight


# --- going on from an earlier selection


def resume(
    previous: Selection, matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None
) -> Selection:
    """What `greedy` gives for `spec`, reusing the picks of `previous` that cannot have changed.

    Only for equal weights, and if nothing but the budget and the decisions differ; else computed from the start.
    """
    undecided = {"vetoes": {}, "pins": (), "bans": (), "budget": 1}
    alike = replace(previous.spec, **undecided) == replace(spec, **undecided)
    if not (alike and spec.unit == "samples" and spec.weights == "uniform" and not spec.options):
        return greedy(matrix, spec, samples)
    k = unchanged_prefix(previous, matrix, spec)
    return _continued(matrix, spec, previous.rows[:k], previous.round[:k])


def unchanged_prefix(previous: Selection, matrix: FeatureMatrix, spec: SelectionSpec) -> int:
    """How many first picks of a greedy selection stay as they are under new vetoes and bans.

    Taking credit or candidates away only lowers the gains of others, so a pick stands until it is itself touched.
    Giving something back, or pinning, can change the very first pick: then 0.
    """
    then, n = previous.spec, len(pins(spec))
    lifted = any(spec.vetoes.get(f) != mode for f, mode in then.vetoes.items())
    if lifted or not set(then.bans) <= set(spec.bans) or tuple(then.pins) != tuple(spec.pins):
        return 0
    fresh = np.zeros(matrix.n_features)
    fresh[[f for f in spec.vetoes if f not in then.vetoes]] = 1
    touched = row_sums(matrix.indptr, matrix.feature, fresh) > 0
    touched[list(set(spec.bans) - set(then.bans))] = True
    hit = np.flatnonzero(touched[previous.rows])
    k = min(int(hit[0]) if len(hit) else len(previous.rows), spec.budget)
    return k if k > n else 0
