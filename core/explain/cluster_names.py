"""Clusters of samples named by the features that are enriched in them, else by the words that set them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.matrix.statistics import hypergeometric_at_least
from core.schema import FeatureMatrix
from core.selection.clustering import Clusters
from core.topics.names import UNNAMED, word_names

LEAST = 3  # samples of a cluster that must have a feature for it to name the cluster
NEAREST = 50  # samples of a cluster whose words name it: the nearest to its centre
LEVEL = 0.05  # of a false name for a cluster, over all features (Bonferroni)


@dataclass(frozen=True)
class ClusterCard:
    """A cluster: size and picks in samples; central: the row nearest its centre; its names, most enriched first.

    features int32 (M,), lifts float64 (M,): how many times commoner than in all samples; names: one for each, or where
    there are none, one made of words, if any.
    """

    cluster: int
    size: int
    picked: int
    central: int
    features: np.ndarray
    lifts: np.ndarray
    names: tuple[str, ...]


def name_clusters(
    matrix: FeatureMatrix | None,
    clusters: Clusters,
    picked: Sequence[int] | np.ndarray,
    name_of: Callable[[int], str] = str,
    most: int = 4,
    words: Callable[[], Sequence[str]] | None = None,
) -> list[ClusterCard]:
    """A card for each cluster that has samples, the largest first, ties to the lowest number.

    matrix: whose features name the clusters; None for words alone. words: gives the names by words of all clusters
    (see `cluster_words`), asked for at most once, and only if a cluster has no enriched feature.
    """
    n = len(clusters.label)
    everywhere = None if matrix is None else np.rint(matrix.density() * n).astype(np.int64)
    kept = np.zeros(n, bool)
    kept[np.asarray(picked, np.int64)] = True
    cards = []
    for number, rows in enumerate(members(clusters)):
        if len(rows):
            features, lifts = np.zeros(0, np.int32), np.zeros(0)
            if matrix is not None and everywhere is not None:
                features, lifts = enriched(matrix, rows, everywhere, most)
            names = tuple(name_of(int(f)) for f in features)
            cards.append(ClusterCard(number, len(rows), int(kept[rows].sum()), int(rows[0]), features, lifts, names))
    if words is not None and not all(card.names for card in cards):
        told = [() if name in ("", UNNAMED) else (name,) for name in words()]
        cards = [card if card.names else replace(card, names=told[card.cluster]) for card in cards]
    return sorted(cards, key=lambda card: (-card.size, card.cluster))


def members(clusters: Clusters) -> list[np.ndarray]:
    """The rows of each cluster, the nearest to its centre first, ties to the lowest: C arrays int64."""
    distance = np.zeros(len(clusters.label)) if clusters.distance is None else clusters.distance
    order = np.lexsort((np.arange(len(distance)), distance, clusters.label))
    return np.split(order, np.cumsum(np.bincount(clusters.label, minlength=clusters.k))[:-1])


def cluster_words(clusters: Clusters, texts_of: Callable[[np.ndarray], Sequence[str]]) -> list[str]:
    """The name of each of C clusters by the words of its NEAREST samples, "" for one without samples.

    texts_of: the texts of rows int64 (M,), prompt and response joined by a blank line.
    """
    from scipy.sparse import csr_matrix

    nearest = [rows[:NEAREST] for rows in members(clusters)]
    ends = np.cumsum([0, *map(len, nearest)])
    groups = csr_matrix((np.ones(ends[-1]), np.arange(ends[-1]), ends), (len(nearest), ends[-1]))
    return word_names(groups, texts_of(np.concatenate(nearest)))


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
