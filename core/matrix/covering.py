"""What picks cover in their order, and who was first to cover what: kernels, and the coverage curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from core.matrix.transpose import transpose
from core.schema import FeatureMatrix

NEVER = np.iinfo(np.int64).max  # the mark of a feature that counts as covered in every round


@njit(cache=True)
def walk_covered(
    indptr: np.ndarray,
    feature: np.ndarray,
    rows: np.ndarray,
    rounds: np.ndarray,
    weight: np.ndarray,
    skip: np.ndarray,
    r: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each pick brings: (gain float64 (K,), covered_after int64 (K,), credit int32 (F,)).

    Gains count within the round, rounds ascending; covered_after counts the features active in at least one pick so
    far, whatever the round; credit is the first pick that has the feature, -1 for none.
    """
    gain, covered_after = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    credit, mark = np.full(len(skip), -1, np.int32), np.where(skip, NEVER, 0)
    covered = 0
    for k in range(len(rows)):
        base = rounds[k] * r
        for j in range(indptr[rows[k]], indptr[rows[k] + 1]):
            f = feature[j]
            if mark[f] - base >= r:
                continue
            mark[f] = max(mark[f], base) + 1
            gain[k] += weight[f]
            if credit[f] < 0:
                credit[f] = k
                covered += 1
        covered_after[k] = covered
    return gain, covered_after, credit


@njit(cache=True, nogil=True)
def covered_counts(
    indptr: np.ndarray, feature: np.ndarray, rows: np.ndarray, skip: np.ndarray, everything: int
) -> np.ndarray:
    """How many features, without those of skip bool (F,), the first 1, 2, … of rows int64 have together: int64 (M,), up
    to the first that makes it `everything`, else all.
    """
    seen, counts, covered = skip.copy(), np.empty(len(rows), np.int64), 0
    for k in range(len(rows)):
        for j in range(indptr[rows[k]], indptr[rows[k] + 1]):
            if not seen[feature[j]]:
                seen[feature[j]] = True
                covered += 1
        counts[k] = covered
        if covered == everything:
            return counts[: k + 1].copy()
    return counts


@njit(cache=True)
def credited_entries(
    indptr: np.ndarray, feature: np.ndarray, rows: np.ndarray, rounds: np.ndarray, skip: np.ndarray, r: int
) -> tuple[np.ndarray, np.ndarray]:
    """The entries that each pick is credited with in its round: (ptr int64 (K+1,), entry int64, an index into nnz)."""
    mark, ptr = np.where(skip, NEVER, 0), np.zeros(len(rows) + 1, np.int64)
    entry, n = np.empty((indptr[rows + 1] - indptr[rows]).sum(), np.int64), 0
    for k in range(len(rows)):
        base = rounds[k] * r
        for j in range(indptr[rows[k]], indptr[rows[k] + 1]):
            if mark[feature[j]] - base < r:
                mark[feature[j]] = max(mark[feature[j]], base) + 1
                entry[n], n = j, n + 1
        ptr[k + 1] = n
    return ptr, entry[:n].copy()


def nearest_pick(matrix: FeatureMatrix, skip: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each sample the pick with which it shares most: (index into rows int64 (N,), Jaccard similarity float64 (N,)).

    rows int64 (K,), at least one; features of skip bool (F,) do not count; ties to the first pick.
    """
    kept = np.flatnonzero(~skip[matrix.feature])
    indptr, feature = np.searchsorted(kept, matrix.indptr), matrix.feature[kept]
    size = np.diff(indptr)
    of_picks = np.concatenate([feature[indptr[row] : indptr[row + 1]] for row in rows])
    lists = transpose(np.concatenate([[0], np.cumsum(size[rows])]), of_picks, matrix.n_features)
    return _nearest_pick(indptr, feature, *lists, size, size[rows])


@njit(cache=True)
def _nearest_pick(
    indptr: np.ndarray,
    feature: np.ndarray,
    fptr: np.ndarray,
    pick: np.ndarray,
    size: np.ndarray,
    size_of_pick: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The same; fptr int64 (F+1,), pick int32: the picks that have each feature; sizes int64 (N,) and (K,)."""
    best, nearest, shared = np.zeros(len(size), np.int64), np.zeros(len(size)), np.zeros(len(size_of_pick), np.int64)
    for row in range(len(size)):
        shared[:] = 0
        for f in feature[indptr[row] : indptr[row + 1]]:
            for k in pick[fptr[f] : fptr[f + 1]]:
                shared[k] += 1
        for k in np.flatnonzero(shared):
            jaccard = shared[k] / (size[row] + size_of_pick[k] - shared[k])
            if jaccard > nearest[row]:
                best[row], nearest[row] = k, jaccard
    return best, nearest


def coverage_curve(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Number of distinct features active in the first 1, 2, … of `rows`: int64 (K,)."""
    rows, none = np.asarray(rows, np.int64), np.zeros(matrix.n_features, bool)
    rounds = np.ones(len(rows), np.int32)
    return walk_covered(matrix.indptr, matrix.feature, rows, rounds, np.ones(len(none)), none, 1)[1]
