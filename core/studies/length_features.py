"""Which features the correlation of length and feature count consists of, and of what kind they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.matrix import tallies
from core.schema import FeatureMatrix
from core.store.places import Places
from core.store.queries import mark_shares, peaks_of
from core.store.reader import FeatureStore

EDGE, SHORTEST = 2, 9  # tokens at each end of a segment; how long it must be for the rest to outnumber those
KINDS = ("template or position", "punctuation", "content")


@dataclass(frozen=True)
class Decomposition:
    """Cov(length, active features) = Σ_f Cov(length, 1[f active]), exactly; F features.

    covariance: the left side. share float64 (F,): the part of it that is each feature's, summing to 1, nan if it is 0.
    order int64: the features that are ever active by share, largest first. density float64 (F,). with_it, without
    float64 (F,): mean length of the samples that have the feature and that have not, nan if there are none. half: how
    many of the first in `order` make up half of the covariance, 0 if it is not above 0.
    """

    covariance: float
    share: np.ndarray
    order: np.ndarray
    density: np.ndarray
    with_it: np.ndarray
    without: np.ndarray
    half: int


# --- what it consists of


def decomposition(matrix: FeatureMatrix, tokens: np.ndarray) -> Decomposition:
    """Whose covariance with length the covariance of tokens (N,) and active features is, in one pass over the entries.

    Cov(length, 1[f active]) = (Σ length of the samples with f − mean length · how many they are) / N.
    """
    tokens, n = np.asarray(tokens, np.float64), max(matrix.n_samples, 1)
    mean = tokens.mean() if len(tokens) else 0.0
    count, centred = tallies.feature_sums(matrix.indptr, matrix.feature, tokens - mean, matrix.n_features)
    part = centred / n
    covariance = float(part.sum())
    order = np.argsort(-part, kind="stable")
    order = order[count[order] > 0]
    rising = np.cumsum(part[order])
    half = int(np.argmax(rising >= covariance / 2)) + 1 if covariance > 0 else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        with_it, without = mean + centred / count, mean - centred / (matrix.n_samples - count)
        share = part / covariance if covariance else np.full(len(part), np.nan)
    without[count == matrix.n_samples] = np.nan
    return Decomposition(covariance, share, order, count / n, with_it, without, half)


def feature_kinds(
    store: FeatureStore, places: Places, features: Sequence[int] | np.ndarray, theta: float, scope: str = "all"
) -> list[str]:
    """The kind of each feature by a rule of two steps, the first that holds; KINDS has the names.

    template or position: at least half of its peaks above θ, in segments of SHORTEST tokens or more, lie among the
    first or last EDGE tokens of the segment. punctuation: most tokens at its strongest peaks have no letter or digit.
    """
    edge, marks = edge_share(store, places, features, theta, scope), mark_share(store, features)
    kind = np.where(edge >= 0.5, KINDS[0], np.where(marks > 0.5, KINDS[1], KINDS[2]))
    return kind.tolist()


def edge_share(
    store: FeatureStore, places: Places, features: Sequence[int] | np.ndarray, theta: float, scope: str = "all"
) -> np.ndarray:
    """Share of each feature's peaks that lie among the first or last EDGE tokens of a segment: float64, 0 for none.

    Of segments of at least SHORTEST tokens; in shorter ones the edges are as large as the middle.
    """
    wanted = np.asarray(features, np.int64)
    found = peaks_of(store, wanted, theta, scope)
    place, length = places.of(found["sample_id"], found["peak"])
    long = length >= SHORTEST
    edge = long & ((place < EDGE) | (place >= length - EDGE))
    peaks, at_edge = (np.bincount(found["feature_id"][m], minlength=store.n_features) for m in (long, edge))
    return at_edge[wanted] / np.maximum(peaks[wanted], 1)


def mark_share(store: FeatureStore, features: Sequence[int] | np.ndarray) -> np.ndarray:
    """Share of the tokens at each feature's strongest peaks that have neither letter nor digit: float64."""
    found = mark_shares(store, features)
    share = np.zeros(store.n_features)
    share[found["feature_id"]] = found["share"]
    return share[np.asarray(features, np.int64)]
