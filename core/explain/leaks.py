"""What a veto would do before it is applied, and which other features still carry what it was meant to stop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.matrix.postings import samples_per_feature, samples_with
from core.matrix.statistics import active_in, hypergeometric_at_least
from core.schema import FeatureMatrix, Selection
from core.selection.inputs import SampleInfo

COSINE = 0.7  # decoder directions at least this alike say much the same
JACCARD = 0.5  # features that fire in the same samples at least this often
CHANCE = 0.001  # chance of a co-firing this frequent, over all features together


@dataclass(frozen=True)
class Change:
    """From one selection to another. entering, leaving int64: rows; the pairs are (before, after).

    covered: features without a veto, active in some pick; mean_length: tokens a pick.
    """

    entering: np.ndarray
    leaving: np.ndarray
    covered: tuple[int, int]
    tokens: tuple[int, int]
    mean_length: tuple[float, float]


@dataclass(frozen=True)
class Leak:
    """A feature that fires with a vetoed one. together: samples with both; lift: times as many as by chance.

    jaccard of their samples; cosine of their decoder directions, nan if they are not at hand.
    """

    feature: int
    vetoed: int
    together: int
    lift: float
    jaccard: float
    cosine: float


def change(matrix: FeatureMatrix, before: Selection, after: Selection, samples: SampleInfo) -> Change:
    """How `after` differs from `before`; the vetoed features of `after` count in neither."""
    tokens = [samples.tokens[s.rows] for s in (before, after)]
    counted = np.ones(matrix.n_features, bool)
    counted[list(after.spec.vetoes)] = False
    reached = [np.zeros(matrix.n_features, bool) for _ in tokens]
    for mask, selection in zip(reached, (before, after), strict=True):
        for row in selection.rows:
            mask[matrix.row(row)] = True
    return Change(
        np.setdiff1d(after.rows, before.rows),
        np.setdiff1d(before.rows, after.rows),
        (int((reached[0] & counted).sum()), int((reached[1] & counted).sum())),
        (int(tokens[0].sum()), int(tokens[1].sum())),
        (float(tokens[0].mean()), float(tokens[1].mean())),
    )


def leaks(matrix: FeatureMatrix, vetoed: Iterable[int], directions: np.ndarray | None = None) -> list[Leak]:
    """The features that still carry what was vetoed, most alike first; vetoed ones are not among them.

    They fire with a vetoed feature more often than chance (hypergeometric test, Bonferroni) and either point in its
    direction (cosine ≥ COSINE; directions float32 (F, d): the decoder's, each of length 1) or fire in mostly the same
    samples (Jaccard ≥ JACCARD).
    """
    vetoed, best = sorted({int(f) for f in vetoed}), dict[int, Leak]()
    for leak in (leak for feature in vetoed for leak in _of_one(matrix, feature, directions)):
        f = leak.feature
        if f not in vetoed and (f not in best or _alike(leak) > _alike(best[f])):
            best[f] = leak
    return sorted(best.values(), key=lambda leak: (-_alike(leak), leak.feature))


def _of_one(matrix: FeatureMatrix, vetoed: int, directions: np.ndarray | None) -> list[Leak]:
    """The leaks of one vetoed feature, itself among them. Few features are alike: the test is for those alone."""
    count, n = samples_per_feature(matrix), matrix.n_samples
    together = active_in(matrix, samples_with(matrix, vetoed))
    jaccard = together / np.maximum(count + count[vetoed] - together, 1)
    cosine = np.full(matrix.n_features, np.nan) if directions is None else directions @ directions[vetoed]
    found = np.flatnonzero(((cosine >= COSINE) | (jaccard >= JACCARD)) & (together > 0))
    chance = hypergeometric_at_least(together[found], count[found], int(count[vetoed]), n)
    found = found[chance < CHANCE / matrix.n_features]
    lift = together[found] * n / (count[found] * float(count[vetoed]))
    figures = (array.tolist() for array in (together[found], lift, jaccard[found], cosine[found]))
    return [Leak(f, vetoed, *values) for f, *values in zip(found.tolist(), *figures, strict=True)]


def _alike(leak: Leak) -> float:
    return max(leak.jaccard, 0.0 if np.isnan(leak.cosine) else leak.cosine)
