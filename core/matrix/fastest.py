"""Greedy for equal weights by the kernel that is the faster one for the shape of a matrix."""

from __future__ import annotations

import numpy as np

from core.matrix.greedy import greedy
from core.matrix.postings import postings
from core.matrix.rounds import CHUNK, MOST, chunked_greedy
from core.schema import FeatureMatrix

FEW, LONG = 32, 64  # features of a sample on average, and samples of a feature in a chunk, where chunks are faster


def greedy_of(
    matrix: FeatureMatrix,
    most: np.ndarray,
    allowed: np.ndarray,
    start: np.ndarray,
    start_rounds: np.ndarray,
    budget: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`matrix.greedy.greedy` in the way that is the faster one for the shape of a matrix: rows, round and gain."""
    if in_chunks(matrix):
        return chunked_greedy(matrix.indptr, matrix.feature, most, allowed, start, start_rounds, budget)
    return greedy(matrix.indptr, matrix.feature, *postings(matrix), most, allowed, start, start_rounds, budget)


def in_chunks(matrix: FeatureMatrix) -> bool:
    """Whether chunks are the faster way, as measured: sets of few features, each of which is in many samples."""
    n, entries = matrix.n_samples, len(matrix.feature)
    if not 0 < entries <= FEW * n or matrix.counts.max() > MOST:
        return False
    active = np.count_nonzero(np.bincount(matrix.feature))
    return bool(entries / n * min(n, CHUNK) >= LONG * active)
