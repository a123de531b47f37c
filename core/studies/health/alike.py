"""Pairs of samples whose vectors point the same way: compared inside neighbouring clusters, none is missed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.matrix.statistics import unit_rows

FITTED = 10_000  # vectors that the clusters are made of; all are then put into them
MOST = 200_000  # pairs that are told: more say nothing of single samples


def alike(
    vectors: np.ndarray, least: float, told: Callable[[float, float], None] = lambda done, total: None
) -> np.ndarray:
    """The pairs of vectors float32 (N, d), less their mean, with a cosine of `least` or more: int64 (P, 2), each
    with the lower row first.

    The mean is taken off since all vectors of a language model have most of their length in common. Zero vectors are
    like no other, and count in no mean. Of more than MOST pairs the first ones.
    """
    has = np.asarray(vectors.any(axis=1))
    if not has.any():
        return np.zeros((0, 2), np.int64)
    units = unit_rows(np.where(has[:, None], vectors - vectors[has].mean(0), 0))
    centre = centres(units)
    near = units @ centre.T
    distance = np.sqrt(np.maximum(1 + (centre**2).sum(1) - 2 * near, 0))
    own, reach = distance.argmin(1), np.sqrt(2 - 2 * least)
    pairs, n = [np.zeros((0, 2), np.int64)], 0
    for c in range(len(centre)):
        told(c + 1, len(centre))
        members = np.flatnonzero(own == c)
        # |x − y| ≤ reach: the other one is no farther from this centre than its own, plus twice the reach
        others = np.flatnonzero(distance[:, c] <= distance[np.arange(len(own)), own] + 2 * reach)
        a, b = np.nonzero(units[members] @ units[others].T >= least)
        found = np.column_stack([members[a], others[b]])
        pairs.append(np.sort(found[found[:, 0] != found[:, 1]], axis=1))
        n += len(found) - len(members)
        if n > 2 * MOST:
            break
    return np.unique(np.concatenate(pairs), axis=0)[:MOST]


def centres(units: np.ndarray) -> np.ndarray:
    """Centres of about √N clusters, float32 (C, d), by a few rounds of k-means on evenly spaced rows."""
    from sklearn.cluster import KMeans

    part = units[:: max(1, len(units) // FITTED)]
    k = max(1, min(round(len(units) ** 0.5), len(np.unique(part, axis=0)) if len(part) < FITTED else len(part)))
    if len(part) <= k:
        return np.zeros((1, units.shape[1]), np.float32)
    return KMeans(k, n_init=1, max_iter=5, random_state=0).fit(part).cluster_centers_.astype(np.float32)
