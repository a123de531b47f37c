"""Methods that compare samples by the cosine between their vectors: the mean-pooled residual stream, or others.

Vectors are of length 1, so that the inner product of two is their cosine.
"""

from __future__ import annotations

import numpy as np

from core.matrix.farthest import farthest_first
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import available, candidates, pins
from core.selection.inputs import SampleInfo, costs, ranked_column, score_column, unit_vectors
from core.selection.left_out import LeftOut
from core.selection.picks import finish
from core.selection.ranking import highest_first, score_order

BLOCK = 512  # candidates compared at once
STALE = 32  # gains brought up to date at once, for the price of one pass over the vectors


def repr_filter(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Repr Filter (arXiv 2312.15685): in the order of the score, while the cosine to every accepted one is ≤ limit.

    Without the option `score`, in the order of the data. Whoever was refused has another chance in the next round.
    """
    return filtered(matrix, spec, samples, _repr_order(matrix, spec, samples))


def repr_filter_reason(left: LeftOut) -> list[str]:
    """The pick that it is too near to, or that its turn did not come."""
    return filtered_reason(left, _repr_order(left.matrix, left.spec, left.samples))


def _repr_order(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    return score_order(matrix, spec, samples) if spec.options.get("score") else np.arange(matrix.n_samples)


def deita(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Deita (arXiv 2312.15685): by complexity times quality, two score columns by rank, with the same filter."""
    return filtered(matrix, spec, samples, _deita_order(matrix, spec, samples))


def deita_reason(left: LeftOut) -> list[str]:
    """The pick that it is too near to, or that its turn did not come."""
    return filtered_reason(left, _deita_order(left.matrix, left.spec, left.samples))


def _deita_order(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    complexity, quality = (ranked_column(matrix, spec, samples, name) for name in ("complexity", "quality"))
    return highest_first(complexity * quality)


def filtered(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, order: np.ndarray) -> Selection:
    """Go through `order` int64 in rounds, refusing what is nearer to an accepted one than the option `limit`."""
    vectors, cost = unit_vectors(matrix, spec, samples), costs(matrix, spec, samples)
    limit, rows = float(spec.options.get("limit", 0.9)), pins(spec).tolist()
    rounds, budget, accepted = [1] * len(rows), spec.budget - int(cost[rows].sum()), list(rows)
    left, number = order[candidates(matrix, spec)[order]], 0
    left = left[cost[left] <= budget]
    while len(left):
        number += 1
        taken = _accept(vectors, left, accepted, cost, budget, limit)
        rows, rounds, accepted = rows + taken, rounds + [number] * len(taken), []
        budget -= int(cost[taken].sum())
        left = left[~np.isin(left, taken)]
        left = left[cost[left] <= budget]
    return finish(matrix, spec, np.array(rows, np.int64), np.array(rounds, np.int32))


def filtered_reason(left: LeftOut, order: np.ndarray) -> list[str]:
    """The reason of a method that goes through `order` int64 and refuses what is near to a pick."""
    came, limit = left.reached(order), float(left.spec.options.get("limit", 0.9))
    picks, cosine = nearest_by_cosine(left)
    return [
        f"too near row {left.named[pick]}: cosine {near:.4f}, at most {limit:g} is accepted"
        if reached and near > limit
        else left.budget(row, "samples before it in the order come first")
        for row, pick, near, reached in zip(*(a.tolist() for a in (left.rows, picks, cosine, came)), strict=True)
    ]


def nearest_by_cosine(left: LeftOut) -> tuple[np.ndarray, np.ndarray]:
    """Of each of left.rows the row of the nearest pick, int64 (M,), ties to the first, and the cosine, float32 (M,)."""
    vectors, picks = unit_vectors(left.matrix, left.spec, left.samples), left.selection.rows
    nearest, cosine = np.empty(len(left.rows), np.int64), np.empty(len(left.rows), np.float32)
    for start in range(0, len(left.rows), BLOCK):
        part = slice(start, start + BLOCK)
        near = vectors[left.rows[part]] @ vectors[picks].T  # (BLOCK, K)
        nearest[part], cosine[part] = picks[near.argmax(1)], near.max(1)
    return nearest, cosine


def _accept(
    vectors: np.ndarray, left: np.ndarray, accepted: list[int], cost: np.ndarray, budget: int, limit: float
) -> list[int]:
    """The rows of `left` int64 that one round takes."""
    taken: list[int] = []
    for start in range(0, len(left), BLOCK):
        block = left[start : start + BLOCK]
        refused = (vectors[block] @ vectors[accepted + taken].T > limit).any(1)
        block = block[~refused]
        near = vectors[block] @ vectors[block].T > limit
        refused = np.zeros(len(block), bool)
        for i, row in enumerate(block.tolist()):
            if not refused[i] and cost[row] <= budget:
                taken.append(row)
                budget -= int(cost[row])
                refused |= near[i]
        if budget <= 0:
            break
    return taken


def k_center(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """k-center greedy (arXiv 1708.00489): the sample farthest from all picks; first the one nearest to the mean."""
    vectors, cost = unit_vectors(matrix, spec, samples), costs(matrix, spec, samples)
    free = candidates(matrix, spec) & (cost <= spec.budget)
    middle = vectors[available(matrix, spec)].mean(0)
    start = int(np.argmax(np.where(free, vectors @ middle, -np.inf))) if free.any() else -1
    rows, distance = farthest_first(vectors, free, pins(spec), start, cost, spec.budget)
    return finish(matrix, spec, rows, np.ones(len(rows), np.int32), details={"distance": distance})


def k_center_reason(left: LeftOut) -> list[str]:
    """Its nearest pick, and how far the last pick was from those before it: no sample was farther then."""
    if len(left.selection.rows) == 1:
        return [left.budget(row, "the one pick is the sample nearest to the mean") for row in left.rows.tolist()]
    distance = left.selection.details["distance"]  # of all that the method took; the selection may be the first of them
    (picks, cosine), last = nearest_by_cosine(left), 1 - float(distance[len(left.selection.rows) - 1])
    return [
        left.budget(row, f"its cosine to row {left.named[pick]} is {near:.4f}, that of the last pick was {last:.4f}")
        for row, pick, near in zip(left.rows.tolist(), picks.tolist(), cosine.tolist(), strict=True)
    ]


def qdit(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """QDIT (arXiv 2311.14736): the largest α · quality + (1 − α) · gain in facility location.

    The facility location of a set is the sum over all samples of the largest cosine to one of the set, as in the paper.
    Apart from it: quality is the option `score` by rank, from 0 to 1; a cosine below 0 counts as 0; and vectors are the
    mean-pooled residual stream, or those of the option `vectors`. The two terms are not brought to one scale.

    Only the candidates at the top of the order of stale gains, which are upper bounds, are computed again.
    """
    vectors, cost = unit_vectors(matrix, spec, samples), costs(matrix, spec, samples)
    alpha = float(spec.options.get("alpha", 0.5))
    value = alpha * ranked_column(matrix, spec, samples)
    rows, budget = pins(spec).tolist(), spec.budget
    reach = np.zeros(matrix.n_samples, np.float32)  # largest cosine of each sample to a pick
    for row in rows:
        budget -= int(cost[row])
        np.maximum(reach, vectors @ vectors[row], out=reach)
    left = np.flatnonzero(candidates(matrix, spec))
    bound = np.full(matrix.n_samples, -np.inf)
    for start in range(0, len(left), BLOCK):
        block = left[start : start + BLOCK]
        bound[block] = value[block] + (1 - alpha) * _facility_gain(vectors, block, reach)
    while True:
        bound[cost > budget] = -np.inf
        row = _best(vectors, reach, bound, value, alpha)
        if row < 0:
            break
        rows.append(row)
        budget -= int(cost[row])
        bound[row] = -np.inf
        np.maximum(reach, vectors @ vectors[row], out=reach)
    return finish(matrix, spec, np.array(rows, np.int64), np.ones(len(rows), np.int32))


def qdit_reason(left: LeftOut) -> list[str]:
    """Its score; what it would still add to the facility location is too dear to compute for all samples."""
    score, alpha = score_column(left.matrix, left.spec, left.samples), float(left.spec.options.get("alpha", 0.5))
    why = f"the picks have more of {alpha:g} · quality + {1 - alpha:g} · gain; its score is {{:.6g}}"
    return [left.budget(row, why.format(score[row])) for row in left.rows.tolist()]


def _facility_gain(vectors: np.ndarray, rows: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """By how much each of `rows` would raise the sum of `reach` float32 (N,): float64 (len(rows),)."""
    above = vectors @ vectors[rows].T - reach[:, None]
    return np.maximum(above, 0, out=above).sum(0, dtype=np.float64)


def _best(vectors: np.ndarray, reach: np.ndarray, bound: np.ndarray, value: np.ndarray, alpha: float) -> int:
    """The row with the largest objective, ties to the lowest, -1 for none; brings `bound` (N,) up to date."""
    fresh = np.zeros(len(bound), bool)
    while True:
        row = int(np.argmax(bound))
        if bound[row] == -np.inf:
            return -1
        if fresh[row]:
            return row
        stale = np.where(fresh, -np.inf, bound)
        top = np.argpartition(-stale, min(STALE, len(stale) - 1))[:STALE]
        top = np.union1d(top[stale[top] > -np.inf], [row])
        bound[top] = value[top] + (1 - alpha) * _facility_gain(vectors, top, reach)
        fresh[top] = True
