"""Areas of a map that names can be put on: few large ones, more of them for who looks closer."""

from __future__ import annotations

import numpy as np

from core.selection.clustering import Clusters

LEVELS = (8, 24, 72)  # areas of the whole map, and of closer looks
LEAST = 12  # samples of an area, on average
FITTED = 5000  # places that the centres are sought among


def map_areas(place: np.ndarray, seed: int = 0) -> tuple[Clusters, ...]:
    """The areas of each level, by k-means of the places float (N, 2), fitted on at most FITTED of them.

    A level is left out where it would have no more areas than the one before it.
    """
    distinct = len(np.unique(place, axis=0))
    sizes = dict.fromkeys(max(1, min(k, len(place) // LEAST, distinct)) for k in LEVELS)
    return tuple(_areas(place, k, seed) for k in sizes) if distinct else ()


def _areas(place: np.ndarray, k: int, seed: int) -> Clusters:
    from sklearn.cluster import KMeans

    drawn = np.random.default_rng(seed).permutation(len(place))[:FITTED]
    model = KMeans(min(k, len(np.unique(place[drawn], axis=0))), n_init=2, random_state=seed).fit(place[drawn])
    label = model.predict(place).astype(np.int32)
    distance = np.linalg.norm(place - model.cluster_centers_[label], axis=1).astype(np.float32)
    return Clusters(model.n_clusters, label, distance)
