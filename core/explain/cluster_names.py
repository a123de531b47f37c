"""Clusters of samples named by the features that are enriched in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import hypergeometric_at_least
from core.schema import FeatureMatrix
from core.selection.clustering import Clusters

LEAST = 3  # samples of a cluster that must have a feature for it to name the cluster
LEVEL = 0.05  # of a false name for a cluster, over all features (Bonferroni)


@dataclass(frozen=True)
class ClusterCard:
    """A cluster: size and picks in samples; central: the row nearest its centre; its names, most enriched first.

    features int32 (M,), lifts float64 (M,): how many times commoner than in all samples; names: one for each.
    """

    cluster: int
    size: int
    picked: int
    central: int
    features: np.ndarray
    lifts: np.ndarray
    names: tuple[str, ...]


def name_clusters(
    matrix: FeatureMatrix,
    clusters: Clusters,
    picked: Sequence[int] | np.ndarray,
    name_of: Callable[[int], str] = str,
    most: int = 4,
) -> list[ClusterCard]:
    """A card for each cluster that has samples, the largest first, ties to the lowest number."""
    everywhere = np.rint(matrix.density() * matrix.n_samples).astype(np.int64)
    members = np.argsort(clusters.label, kind="stable")
    ends = np.cumsum(np.bincount(clusters.label, minlength=clusters.k))
    kept = np.zeros(matrix.n_samples, bool)
    kept[np.asarray(picked, np.int64)] = True
    distance = np.zeros(matrix.n_samples) if clusters.distance is None else clusters.distance
    cards = []
    for number, rows in enumerate(np.split(members, ends[:-1])):
        if len(rows):
            features, lifts = enriched(matrix, rows, everywhere, most)
            central = int(rows[np.argmin(distance[rows])])
            names = tuple(name_of(int(f)) for f in features)
            cards.append(ClusterCard(number, len(rows), int(kept[rows].sum()), central, features, lifts, names))
    return sorted(cards, key=lambda card: (-card.size, card.cluster))


def enriched(
    matrix: FeatureMatrix, rows: np.ndarray, everywhere: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """The features that `rows` have more often than chance lets them, int32, and their lifts float64, at most `most`.

    One-sided hypergeometric test, Bonferroni over the features; the smallest p first, then the largest lift, then the
    lowest number. everywhere int64 (F,): the samples that have each feature.
    """
    feature, count = np.unique(np.concatenate([matrix.row(row) for row in rows]), return_counts=True)
    feature, count = feature[count >= LEAST], count[count >= LEAST]
    lift = count * matrix.n_samples / (everywhere[feature] * len(rows))
    feature, count, lift = feature[lift > 1], count[lift > 1], lift[lift > 1]
    p = hypergeometric_at_least(count, everywhere[feature], len(rows), matrix.n_samples)
    order = np.lexsort((feature, -lift, p))
    order = order[p[order] * matrix.n_features <= LEVEL][:most]
    return feature[order], lift[order]
