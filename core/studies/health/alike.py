"""Pairs of samples whose vectors point the same way: an exact search, none is missed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.matrix.close import HEAD, close_pairs, turned

MOST = 200_000  # pairs that are told: more say nothing of single samples
STEP = 2000  # vectors after which it is told how far the search is


def alike(
    vectors: np.ndarray, least: float, told: Callable[[float, float], None] = lambda done, total: None
) -> np.ndarray:
    """The pairs of vectors float32 (N, d), less their mean, with a cosine of `least` or more: int64 (P, 2), each
    with the lower row first.

    The mean is taken off since all vectors of a language model have most of their length in common. Zero vectors are
    like no other, and count in no mean. Of more than MOST pairs the first ones.
    """
    rows = np.flatnonzero(vectors.any(axis=1))
    if not len(rows):
        return np.zeros((0, 2), np.int64)
    units = vectors[rows]
    del vectors  # and below: of a large store each copy counts
    units = centred(units)
    order = np.argsort(units[:, 0], kind="stable")
    order = order[np.asarray(units.any(axis=1))[order]]  # what equals the mean points nowhere
    units = units[order]
    head, rest = np.ascontiguousarray(units[:, :HEAD]), np.ascontiguousarray(units[:, HEAD:])
    del units
    pairs, n = [np.zeros((0, 2), np.int64)], 0
    for start in range(0, len(head), STEP):
        stop = min(start + STEP, len(head))
        pairs.append(close_pairs(head, rest, start, stop, 2 - 2 * least, MOST - n))
        n += len(pairs[-1])
        told(stop, len(head))
        if n >= MOST:
            break
    return np.unique(np.sort(rows[order[np.concatenate(pairs)]], axis=1), axis=0)


def centred(vectors: np.ndarray) -> np.ndarray:
    """Vectors float32 (N, d), changed in place: less their mean, of length 1 (zeros stay), on their principal axes."""
    vectors -= vectors.mean(0, dtype=np.float64).astype(np.float32)
    length = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]  # np.linalg.norm makes copies
    vectors /= np.where(length > 0, length, 1)
    return turned(vectors)
