"""Statistics of feature matrices and of pairs of numbers: each stands here once.

N samples, F features, nnz entries; indptr int64 (N+1,), feature int32 (nnz,).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from core.matrix.rows import distinct
from core.schema import FeatureMatrix

FEW = 1000  # rows that are sooner sorted than marked among all
ENDS = (0.025, 0.975)  # of a 95 % interval


@dataclass(frozen=True)
class LengthEffect:
    """Correlation between tokens and active features over n samples; nan where one of them does not vary."""

    pearson: float
    spearman: float
    n: int


# --- correlation


def length_effect(matrix: FeatureMatrix, tokens: np.ndarray) -> LengthEffect:
    """Correlation between tokens (N,) and active features, over the samples whose token count is a finite number.

    Pearson's r, and Spearman's: Pearson's of the ranks, ties sharing their mean rank.
    """
    tokens = np.asarray(tokens, np.float64)
    known = np.isfinite(tokens)
    x, y = tokens[known], matrix.counts[known]
    return LengthEffect(pearson(x, y), spearman(x, y), len(x))


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r of two arrays of numbers (m,); nan where one of the two does not vary."""
    varies = len(x) > 1 and np.ptp(x) > 0 and np.ptp(y) > 0
    return float(pearson_r(np.asarray(x, np.float64), np.asarray(y, np.float64))) if varies else float("nan")


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's r of two arrays of numbers (m,): Pearson's of their ranks; nan where one does not vary."""
    return pearson(*(midranks(np.unique(v, return_inverse=True)[1]) for v in (x, y)))


def midranks(count: np.ndarray) -> np.ndarray:
    """Ranks from 1 of whole numbers ≥ 0, ties sharing their mean rank: float64. Counted, not sorted."""
    rank = np.empty(len(count))
    midranks_into(count, int(count.max(initial=0)) + 1, rank)
    return rank


@njit(cache=True, nogil=True)
def midranks_into(codes: np.ndarray, n_codes: int, out: np.ndarray) -> None:
    """Write the ranks of codes int (m,), all below n_codes, ties sharing their mean rank, into out float64 (m,)."""
    seen = np.zeros(n_codes, np.int64)
    for code in codes:
        seen[code] += 1
    before, rank = 0, np.empty(n_codes)
    for code in range(n_codes):
        rank[code] = before + (seen[code] + 1) / 2
        before += seen[code]
    for i in range(len(codes)):
        out[i] = rank[codes[i]]


@njit(cache=True, nogil=True)
def pearson_r(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's r of two arrays float64 (m,), for loops over many; nan where one does not vary (but for rounding)."""
    mean_x, mean_y = x.mean(), y.mean()
    xx, yy, xy = 0.0, 0.0, 0.0
    for i in range(len(x)):
        dx, dy = x[i] - mean_x, y[i] - mean_y
        xx, yy, xy = xx + dx * dx, yy + dy * dy, xy + dx * dy
    return xy / math.sqrt(xx * yy) if xx > 0 and yy > 0 else np.nan


def percentile_interval(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the 95 % percentile interval (Efron 1979) of draws float64 (times, …), NaN left out: float64 (…)."""
    low, high = np.nanquantile(drawn, ENDS, axis=0)
    return low, high


# --- which features samples have


@njit(cache=True)
def _active_in(indptr: np.ndarray, feature: np.ndarray, rows: np.ndarray, n_features: int) -> np.ndarray:
    """In how many of rows int64 each feature is active: int64 (F,)."""
    count = np.zeros(n_features, np.int64)
    for row in rows:
        for j in range(indptr[row], indptr[row + 1]):
            count[feature[j]] += 1
    return count


def active_in(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """In how many of the distinct `rows` each feature is active: int64 (F,). Of the rows that have a feature, this is
    how often each other one fires together with it.
    """
    rows = np.asarray(rows, np.int64)
    once = np.unique(rows) if len(rows) < FEW else distinct(matrix.n_samples, rows)
    return _active_in(matrix.indptr, matrix.feature, once, matrix.n_features)


def surprise(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """By how many standard deviations of a Poisson count each feature is commoner among the distinct `rows` than among
    as many drawn at random: (observed − expected) / √expected, float64 (F,), 0 if never active.
    """
    count, expected = active_in(matrix, rows), _expected(matrix, rows)
    return np.divide(count - expected, np.sqrt(expected), out=np.zeros(matrix.n_features), where=expected > 0)


def _expected(matrix: FeatureMatrix, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """How many of as many random samples as there are distinct `rows` would have each feature: float64 (F,)."""
    return matrix.density() * len(np.unique(np.asarray(rows, np.int64)))


# --- the hypergeometric distribution


@njit(cache=True)
def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)


@njit(cache=True)
def _tail(k: int, marked: int, drawn: int, total: int, upwards: bool) -> float:
    """P(X ≥ k) if upwards, else P(X ≤ k), for k on that side of the mean.

    Summed by the ratio of neighbouring terms until they no longer count: away from the mean they only fall.
    """
    low, high = max(0, drawn + marked - total), min(marked, drawn)
    if not low <= k <= high:
        return 0.0
    log_term = _log_choose(marked, k) + _log_choose(total - marked, drawn - k) - _log_choose(total, drawn)
    term, tail = math.exp(log_term), 0.0
    while low <= k <= high:
        tail += term
        if upwards:
            term *= (marked - k) * (drawn - k) / ((k + 1) * (total - marked - drawn + k + 1))
            k += 1
        else:
            term *= k * (total - marked - drawn + k) / ((marked - k + 1) * (drawn - k + 1))
            k -= 1
        if term <= 1e-17 * tail:
            break
    return min(1.0, tail)


@njit(cache=True, nogil=True)
def hypergeometric_two_sided(found: np.ndarray, marked: np.ndarray, drawn: int, total: int) -> np.ndarray:
    """Two-sided p values, float64, of `found` marked ones among `drawn` of `total`, of which `marked` are marked.

    found, marked int64 of one shape. Twice the tail on that side of the mean where `found` lies, at most 1. scipy's
    hypergeom loops in Python: 13 s for 131,072 features.
    """
    out = np.ones(len(found))
    for i in range(len(found)):
        upwards = found[i] * total >= marked[i] * drawn
        out[i] = min(1.0, 2 * _tail(found[i], marked[i], drawn, total, upwards))
    return out


@njit(cache=True)
def hypergeometric_at_least(found: np.ndarray, marked: np.ndarray, drawn: int, total: int) -> np.ndarray:
    """One-sided p values, float64: the chance of at least `found` marked ones among `drawn` of `total`, of which
    `marked` are marked. found, marked int64 of one shape.
    """
    out = np.ones(len(found))
    for i in range(len(found)):
        if found[i] * total >= marked[i] * drawn:
            out[i] = _tail(found[i], marked[i], drawn, total, True)
        else:
            out[i] = 1.0 - _tail(found[i] - 1, marked[i], drawn, total, False)
    return out


# --- directions


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """`vectors` (N, d) with rows of length 1, so that an inner product is a cosine: float32, read-only, a copy.

    Rows of zeros stay zeros.
    """
    units = np.array(vectors, np.float32, order="C")
    length = np.linalg.norm(units, axis=1, keepdims=True)
    units /= np.where(length > 0, length, 1)
    units.flags.writeable = False
    return units


# --- order


def in_order(values: np.ndarray, descending: bool = False) -> np.ndarray:
    """The places of `values` (N,), numbers or texts, in their order: int64 (N,). Ties by place; NaN last in both."""
    known, code = np.unique(values, return_inverse=True)
    if descending:
        code = len(known) - code
        if known.dtype.kind == "f":
            code[np.isnan(values)] = len(known) + 1
    return np.argsort(code, kind="stable")
