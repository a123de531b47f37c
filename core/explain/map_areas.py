"""Areas of a map that names can be put on: few large ones, more of them for who looks closer."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from core.selection.clustering import Clusters

LEVELS = (8, 24, 72)  # areas of the whole map, and of closer looks
LEAST = 12  # samples of an area, on average
FITTED = 5000  # places that the centres are sought among


def map_areas(place: np.ndarray, levels: Sequence[int] = LEVELS, seed: int = 0) -> tuple[Clusters, ...]:
    """The areas of each level, by k-means of the places float (N, 2), fitted on at most FITTED of them.

    A level is left out where it would have no more areas than the one before it.
    """
    if not len(place):
        return ()
    place = place.astype(np.float64)
    fitted = place[np.random.default_rng(seed).permutation(len(place))[:FITTED]]
    most = min(len(place) // LEAST, len(np.unique(fitted, axis=0)))
    sizes = dict.fromkeys(max(1, min(k, most)) for k in levels)
    return tuple(_areas(place, fitted, k, seed) for k in sizes)


def _areas(place: np.ndarray, fitted: np.ndarray, k: int, seed: int) -> Clusters:
    from scipy.cluster.vq import kmeans2, vq

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="One of the clusters is empty")  # it is left out below
        centres = kmeans2(fitted, k, minit="++", rng=np.random.default_rng(seed))[0]
    nearest, distance = vq(place, centres)
    used, label = np.unique(nearest, return_inverse=True)
    return Clusters(len(used), label.astype(np.int32), distance.astype(np.float32))
