"""How alike samples are, and which few of them together have what one has.

N samples, F features, nnz entries, K kept samples; skip bool (F,): features that do not count.
Lists say which of the kept samples have each feature: fptr int64 (F+1,), owner int32, an index into the kept ones,
ascending for each feature, and weight float64, the entry's unit value.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.schema import FeatureMatrix

Lists = tuple[np.ndarray, np.ndarray, np.ndarray]


def unit_values(matrix: FeatureMatrix, skip: np.ndarray) -> np.ndarray:
    """Each entry's value times the rarity of its feature, every sample then of length 1: float64 (nnz,).

    rarity_f = log(1 + N / samples that have f), 0 for those of skip. Of an instruction's nearest sample in the features
    the words agree more (TF-IDF cosine) than without rarity, without values, or by Jaccard's index of the sets.
    """
    return _of_length_one(matrix.indptr, matrix.feature, matrix.value, rarity(matrix, skip))


def rarity(matrix: FeatureMatrix, skip: np.ndarray) -> np.ndarray:
    """The rarity of each feature, see `unit_values`: float64 (F,). What all have is counted once for a matrix."""
    found = matrix.kept.get("rarity")
    if found is None:
        counts = np.bincount(matrix.feature, minlength=matrix.n_features)
        found = matrix.kept["rarity"] = np.log1p(matrix.n_samples / np.maximum(counts, 1))
    return np.where(skip, 0.0, found)


@njit(cache=True)
def _of_length_one(indptr: np.ndarray, feature: np.ndarray, value: np.ndarray, rarity: np.ndarray) -> np.ndarray:
    out = np.zeros(len(feature))
    for row in range(len(indptr) - 1):
        square = 0.0
        for j in range(indptr[row], indptr[row + 1]):
            out[j] = value[j] * rarity[feature[j]]
            square += out[j] * out[j]
        if square > 0:
            out[indptr[row] : indptr[row + 1]] /= np.sqrt(square)
    return out


def unit_row(matrix: FeatureMatrix, row: int, skip: np.ndarray) -> np.ndarray:
    """`unit_values` of the entries of one sample alone: float64."""
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    one = matrix.value[span] * rarity(matrix, skip)[matrix.feature[span]]
    square = np.cumsum(one * one)[-1:]  # summed in order, to the bit as a loop does
    return one / np.sqrt(np.where(square > 0, square, 1))


def similarities(matrix: FeatureMatrix, row: int, skip: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The cosine of `unit_values` between one sample and each of `among` int64 (M,): float64 (M,), 0 where they share
    no feature.
    """
    own = np.zeros(matrix.n_features)
    own[matrix.row(row)] = unit_row(matrix, row, skip)
    return np.minimum(_dots(matrix.indptr, matrix.feature, matrix.value, rarity(matrix, skip), own, among), 1)


@njit(cache=True, nogil=True)
def _dots(
    indptr: np.ndarray, feature: np.ndarray, value: np.ndarray, rarity: np.ndarray, own: np.ndarray, among: np.ndarray
) -> np.ndarray:
    """The unit values of a sample are made where it shares a feature with `own` float64 (F,): most do not."""
    total = np.zeros(len(among))
    for i in range(len(among)):
        square, shares = 0.0, False
        for j in range(indptr[among[i]], indptr[among[i] + 1]):
            one = value[j] * rarity[feature[j]]
            square += one * one
            shares |= own[feature[j]] != 0
        if shares and square > 0:
            length = np.sqrt(square)
            for j in range(indptr[among[i]], indptr[among[i] + 1]):
                total[i] += value[j] * rarity[feature[j]] / length * own[feature[j]]
    return total


# --- all samples against the kept ones


def lists_of(matrix: FeatureMatrix, rows: np.ndarray, skip: np.ndarray, unit: np.ndarray | None = None) -> Lists:
    """The lists of the kept `rows` int64 (K,); without `unit` (nnz,) all weights are 1."""
    sizes = matrix.indptr[rows + 1] - matrix.indptr[rows]
    kept = np.repeat(np.arange(len(rows), dtype=np.int32), sizes)
    entry = np.arange(len(kept)) + np.repeat(matrix.indptr[rows] - np.cumsum(sizes) + sizes, sizes)
    counts = ~skip[matrix.feature[entry]]
    entry, kept = entry[counts], kept[counts]
    order = np.argsort(matrix.feature[entry], kind="stable")
    sizes = np.bincount(matrix.feature[entry], minlength=matrix.n_features)
    weight = np.ones(len(entry)) if unit is None else unit[entry[order]]
    return np.concatenate([[0], np.cumsum(sizes)]), kept[order], weight


def nearest_of_each(
    matrix: FeatureMatrix, kept: np.ndarray, rows: np.ndarray, skip: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each of `rows` int64 the most similar of the rows `kept` int64 (K,), ties to the first of them.

    (An index into kept int64 (len(rows),), -1 where none shares a feature; the similarity float64.)
    """
    unit = unit_values(matrix, skip)
    lists = lists_of(matrix, kept, skip, unit)
    return _nearest_of_each(matrix.indptr, matrix.feature, unit, lists, np.zeros(len(kept)), rows)


@njit(cache=True)
def _nearest_of_each(
    indptr: np.ndarray, feature: np.ndarray, unit: np.ndarray, lists: Lists, dot: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    best, nearest = np.full(len(rows), -1), np.zeros(len(rows))
    fptr, owner, weight = lists
    for i in range(len(rows)):
        for j in range(indptr[rows[i]], indptr[rows[i] + 1]):
            for at in range(fptr[feature[j]], fptr[feature[j] + 1]):
                dot[owner[at]] += unit[j] * weight[at]
        for j in range(indptr[rows[i]], indptr[rows[i] + 1]):  # not through all kept ones: few share a feature
            for k in owner[fptr[feature[j]] : fptr[feature[j] + 1]]:
                if dot[k] > nearest[i] or (dot[k] == nearest[i] and k < best[i]):
                    best[i], nearest[i] = k, dot[k]
                dot[k] = 0
    return best, np.minimum(nearest, 1)


def covers_of_each(
    matrix: FeatureMatrix, kept: np.ndarray, rows: np.ndarray, skip: np.ndarray, most: int
) -> np.ndarray:
    """Of each of `rows` int64 the first `most` of its `greedy_cover` by the rows `kept` int64 (K,).

    Indices into kept, int64 (len(rows), most), -1 where there are fewer.
    """
    lists = lists_of(matrix, kept, skip)
    return _covers_of_each(matrix.indptr, matrix.feature, lists, np.zeros(len(kept), np.int32), rows, most)


@njit(cache=True)
def _covers_of_each(
    indptr: np.ndarray, feature: np.ndarray, lists: Lists, count: np.ndarray, rows: np.ndarray, most: int
) -> np.ndarray:
    out = np.full((len(rows), most), -1)
    for i in range(len(rows)):
        chosen, _ = greedy_cover(feature[indptr[rows[i]] : indptr[rows[i] + 1]], lists, count, most)
        out[i, : len(chosen)] = chosen
    return out


@njit(cache=True)
def greedy_cover(features: np.ndarray, lists: Lists, count: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The kept samples that together have `features`, always the one that has most of those left, ties to the first.

    (chosen int64, at most `most`; by int64 (len(features),): which of them, from 0, was first to have each, -1 for
    none.) Never more than 1 + 1/2 + … + 1/len(features) times as many as are needed (Chvátal 1979). count int32 (K,):
    room to work in, zeros before and after.
    """
    fptr, owner, _ = lists
    chosen, by, n = np.empty(len(features), np.int64), np.full(len(features), -1), 0
    while n < min(most, len(features), len(count)):
        best, most_had = len(count), 0
        for i in np.flatnonzero(by < 0):
            for k in owner[fptr[features[i]] : fptr[features[i] + 1]]:
                count[k] += 1
                if count[k] > most_had or (count[k] == most_had and k < best):
                    best, most_had = k, count[k]
        for i in np.flatnonzero(by < 0):
            for k in owner[fptr[features[i]] : fptr[features[i] + 1]]:
                count[k] = 0
        if not most_had:
            break
        for i in np.flatnonzero(by < 0):
            kept = owner[fptr[features[i]] : fptr[features[i] + 1]]
            place = np.searchsorted(kept, best)
            if place < len(kept) and kept[place] == best:
                by[i] = n
        chosen[n], n = best, n + 1
    return chosen[:n].copy(), by
