"""Areas of a map that names can be put on: few large ones, more of them for who looks closer."""

from __future__ import annotations

import warnings

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
    from scipy.cluster.vq import kmeans2, vq

    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(place))[:FITTED]
    k = min(k, len(np.unique(place[drawn], axis=0)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One of the clusters is empty")  # it is left out below
        centres = kmeans2(place[drawn].astype(np.float64), k, minit="++", rng=rng)[0]
    nearest, distance = vq(place.astype(np.float64), centres)
    used, label = np.unique(nearest, return_inverse=True)
    return Clusters(len(used), label.astype(np.int32), distance.astype(np.float32))
