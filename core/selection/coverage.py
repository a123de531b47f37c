"""Methods that count which features the picks cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.matrix.covering import nearest_pick
from core.matrix.fastest import greedy_of
from core.matrix.greedy import credits
from core.matrix.postings import postings, samples_per_feature
from core.matrix.similarity import nearest_rounds, similarity_rounds
from core.matrix.transpose import row_sums
from core.matrix.weighted import greedy_heap
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import available, boosted, candidates, ignored, pins, weights
from core.selection.inputs import SampleInfo, costs, score_column
from core.selection.left_out import LeftOut, credit_weights, gain_now, share_covered, weight_sums
from core.selection.picks import finish
from core.selection.targets import check_features, target_matrix
from core.system.shown import many

ADDS_ONE = 1 - 1e-9  # the largest share of a set that can be covered while something of it is new


def greedy(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """SAE-GreedSelect (arXiv 2502.14050): always the sample with the largest marginal gain, ties to the lowest row.

    When no sample gains, a new round starts with nothing covered. With a budget in samples the picks are nested.
    With the option `quality`, gains are multiplied by that score column, which must not be negative.
    """
    if spec.unit == "samples" and spec.counts_alike and not spec.options.get("quality"):
        return _continued(matrix, spec, np.empty(0, np.int64), np.empty(0, np.int32))
    return weighted_greedy(matrix, spec, samples)


def _continued(matrix: FeatureMatrix, spec: SelectionSpec, rows: np.ndarray, rounds: np.ndarray) -> Selection:
    """Greedy for equal weights, going on after the first picks `rows` of their `rounds`; with none, after the pins."""
    start = rows if len(rows) else pins(spec)
    rounds = rounds if len(rows) else np.zeros(len(start), np.int32)
    budget = min(spec.budget, matrix.n_samples)
    most = credits(ignored(matrix, spec), spec.multiplicity)
    rows, rounds, gains = greedy_of(matrix, most, available(matrix, spec), start, rounds, budget)
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
    quality = quality_of(matrix, spec, samples)
    used = np.where(ignored(matrix, spec), 0.0, weights(matrix, spec) if weight is None else weight)
    found = []
    for per_cost in (True, False) if spec.unit == "tokens" else (False,):
        picks = greedy_heap(
            matrix.indptr, matrix.feature, *postings(matrix), used, available(matrix, spec), pins(spec),
            costs(matrix, spec, samples), quality, spec.budget, spec.multiplicity, per_cost, group, room,
        )  # fmt: skip
        found.append(finish(matrix, spec, *picks, weight))
    return max(found, key=lambda s: finish(matrix, spec, s.rows, np.ones_like(s.round), weight).gains.sum())


def greedy_reason(left: LeftOut) -> list[str]:
    """What it would add, and what the last pick did: no pick of the round added less."""
    worth, last = quality_of(left.matrix, left.spec, left.samples), int(left.own[-1])
    gain, added = gain_now(left.matrix, left.selection) * worth, left.selection.gains[-1] * worth[last]
    graded, number = bool(left.spec.options.get("quality")), left.selection.round[-1]
    when = f" in round {number}" if number > 1 else ""

    def less(row: int) -> str:
        if left.selection.weight is None and left.spec.weights == "uniform" and left.spec.counts_alike and not graded:
            new = many(int(gain[row]), f"new {left.noun}")
            return f"it would add {new}{when}, and the last sample kept added {added:,.0f}"
        what = f"gain times quality{when}" if graded else f"gain{when}"
        return f"its {what} is {gain[row]:.4g}, that of the last pick {added:.4g}"

    return [
        nothing or left.budget(row, less(row))
        for row, nothing in zip(left.rows.tolist(), adds_nothing(left), strict=True)
    ]


def adds_nothing(left: LeftOut) -> list[str]:
    """For each of left.rows: why it would add nothing to what the picks of the round cover; empty if it would."""
    most = weight_sums(left.matrix, credit_weights(left.matrix, left.selection))[left.rows]
    gain = gain_now(left.matrix, left.selection)[left.rows]
    number = int(left.selection.round[-1])
    covered = f"redundant: the selection has its {left.noun}s" + (f" in round {number} too" if number > 1 else "")
    return np.where(most == 0, f"it has no active {left.noun} that counts", np.where(gain == 0, covered, "")).tolist()


def quality_of(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """What gains are multiplied by, the column that the option `quality` names, or 1: float64 (N,)."""
    if not spec.options.get("quality"):
        return np.ones(matrix.n_samples)
    return score_column(matrix, spec, samples, "quality", least=0)


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


def simscale_reason(left: LeftOut) -> list[str]:
    """How much of it is covered if that is more than tau, else its number of features."""
    skip, tau = ignored(left.matrix, left.spec), float(left.spec.options.get("tau", 0.8))
    if left.spec.options.get("against", "union") == "nearest":
        pick, near = nearest_pick(left.matrix, skip, left.selection.rows)
        names = left.named[left.selection.rows[pick]]

        def redundant(row: int) -> str:
            return f"too near row {names[row]}: Jaccard similarity {near[row]:.3f}, at most {tau:g} is accepted"

        return _fullest_reason(left, left.matrix, skip, near > tau, redundant)
    share = share_covered(left.matrix, left.selection.rows, skip)
    return _fullest_reason(
        left, left.matrix, skip, share > tau,
        lambda row: f"redundant: the selection has {share[row]:.1%} of its {left.noun}s, at most {tau:.4g} is accepted",
    )  # fmt: skip


def _fullest_reason(
    left: LeftOut,
    sets: FeatureMatrix,
    skip: np.ndarray,
    refused: np.ndarray,
    why: Callable[[int], str],
    tags: bool = False,
) -> list[str]:
    """The reason of a method that goes by the number of features (or tags), passing over what is refused bool (N,)."""
    size, what = weight_sums(sets, ~skip), "tags" if tags else f"active {left.noun}s"
    came = left.reached(_fullest(sets, skip, candidates(left.matrix, left.spec)))
    out = []
    for row, reached in zip(left.rows.tolist(), came.tolist(), strict=True):
        if size[row] == 0:
            out.append(left.budget(row, f"it has no {what} that count, and comes last"))
        elif reached and refused[row]:
            out.append(why(row))
        else:
            out.append(left.budget(row, f"it has {size[row]:.0f} {what}, and samples with as many or more come first"))
    return out


def _fullest(matrix: FeatureMatrix, skip: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The allowed samples by number of features, most first: int64."""
    size = row_sums(matrix.indptr, matrix.feature, (~skip).astype(np.float64))
    order = np.argsort(-size, kind="stable")
    return order[allowed[order]]


def instag(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """#InsTag (arXiv 2308.07074), complexity first: most tags first, accepted if it adds a tag; then a new round.

    Option tags: a column of the data with lists of tags. Without it a sample's active features are its tags. Raises
    SelectionError if the columns are not at hand.
    """
    tags, skip = _tags(matrix, spec, samples)
    order = _fullest(tags, skip, candidates(matrix, spec))
    task = (order, pins(spec), costs(matrix, spec, samples), spec.budget)
    picks = similarity_rounds(tags.indptr, tags.feature, credits(skip, 1), *task, ADDS_ONE)
    return finish(matrix, spec, *picks)


def instag_reason(left: LeftOut) -> list[str]:
    """Whether it would add a tag; if it would, its number of tags."""
    tags, skip = _tags(left.matrix, left.spec, left.samples)
    refused = share_covered(tags, left.selection.rows, skip) > ADDS_ONE
    named = bool(left.spec.options.get("tags"))
    what = "tags" if named else f"active {left.noun}s"
    return _fullest_reason(left, tags, skip, refused, lambda row: f"redundant: the selection has its {what}", named)


def _tags(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> tuple[FeatureMatrix, np.ndarray]:
    """The samples' tags, by default their active features, and which of them do not count: bool (F,)."""
    name = spec.options.get("tags")
    if not name:
        return matrix, ignored(matrix, spec)
    if samples is None or samples.tags is None:
        raise SelectionError("The option tags needs the data's columns: pass samples=SampleInfo(..., tags=...).")
    tags = samples.tags(str(name))
    return tags, np.zeros(tags.n_features, bool)


def reference_guided(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Greedy coverage of what a second data set, or a set of samples, activates more than this one, as
    `reference_weights` weighs it.

    Raises SelectionError without the option `reference`, and as `reference_weights` does.
    """
    weight = reference_weights(matrix, target_matrix(matrix, spec, samples))
    return weighted_greedy(matrix, spec, samples, boosted(weight, spec))


def reference_weights(matrix: FeatureMatrix, reference: FeatureMatrix) -> np.ndarray:
    """w_f, float64 (F,): by how much the share of samples with the feature is larger in the reference, at least 0.

    Raises SelectionError if the two do not have the same features, or the reference activates none more.
    """
    check_features(matrix, reference)
    density = samples_per_feature(matrix) / max(matrix.n_samples, 1)  # greedy reads the posting lists anyway
    weight = np.maximum(reference.density() - density, 0)
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
    undecided: dict[str, Any] = {"vetoes": {}, "pins": (), "bans": (), "budget": 1}
    alike = replace(previous.spec, **undecided) == replace(spec, **undecided)
    if not (alike and spec.unit == "samples" and spec.counts_alike and not spec.options):
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
