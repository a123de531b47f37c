"""What the kernels' less obvious ways are worth: each beside its plain form, on the same matrix, in turns.

A way whose plain form is not slower by a margin has no business in core/matrix.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from core.matrix.greedy import _cover, greedy
from core.matrix.tallies import counts_above
from core.matrix.transpose import transpose, transpose_into
from core.schema import FeatureMatrix

REPEATS = 7
THETAS = 13  # as many as a table of thetas has


@njit(cache=True)
def covered_ahead(rows, indptr, feature, fptr, sample, left, gain, todo):
    """Cover the picks `rows` int64 as greedy does: the beginnings of posting lists are read ahead."""
    for row in rows:
        _cover(row, indptr, feature, fptr, sample, left, gain, todo)


@njit(cache=True)
def covered_plainly(rows, indptr, feature, fptr, sample, left, gain, todo):
    """The same, list after list."""
    for row in rows:
        for f in feature[indptr[row] : indptr[row + 1]]:
            if left[f]:
                left[f] -= 1
                if not left[f]:
                    for k in range(fptr[f], fptr[f + 1]):
                        gain[np.uint32(sample[k])] -= 1


@njit(cache=True)
def covered_signed(rows, indptr, feature, fptr, sample, left, gain, todo):
    """The same with a signed index, which numba tests for being counted from the end."""
    for row in rows:
        for f in feature[indptr[row] : indptr[row + 1]]:
            if left[f]:
                left[f] -= 1
                if not left[f]:
                    for k in range(fptr[f], fptr[f + 1]):
                        gain[sample[k]] -= 1


@njit(cache=True)
def counted_plainly(indptr, value, thetas):
    """How many thetas are below each value, by comparing it with each: what `counts_above` then only adds up."""
    count = np.zeros((len(thetas) + 1, len(indptr) - 1), np.int64)
    for row in range(len(indptr) - 1):
        for j in range(indptr[row], indptr[row + 1]):
            n = 0
            for theta in thetas:
                n += value[j] > theta
            count[n, row] += 1
    return count


@njit(cache=True)
def empty(n):
    """int32 (n,) in numba's memory."""
    return np.empty(n, np.int32)


def in_turns(*tasks: Callable[[], Any]) -> list[float]:
    """Seconds of the fastest run of each task, the tasks taking turns: what slows the machine slows them all."""
    times = np.empty((REPEATS, len(tasks)))
    for task in tasks:
        task()  # compiles
    for turn in times:
        for i, task in enumerate(tasks):
            begin = time.perf_counter()
            task()
            turn[i] = time.perf_counter() - begin
    return times.min(0).tolist()


def variants(matrix: FeatureMatrix) -> dict[str, tuple[float, float]]:
    """Seconds as it is and in the plain form, by what differs."""
    indptr, feature, n_features = matrix.indptr, matrix.feature, matrix.n_features
    fptr, sample = transpose(indptr, feature, n_features)
    one, everyone, nobody = np.ones(n_features, np.uint8), np.ones(len(indptr) - 1, bool), np.empty(0, np.int64)
    rows, rounds, gains = greedy(
        indptr, feature, fptr, sample, one, everyone, nobody, np.empty(0, np.int32), len(everyone)
    )
    rows, todo = rows[(rounds == 1) & (gains > 1)], np.empty(n_features + 1, np.int32)

    def cover(kernel: Callable[..., None]) -> Callable[[], None]:
        return lambda: kernel(rows, indptr, feature, fptr, sample, one.copy(), np.diff(indptr).astype(np.int32), todo)

    ahead, plainly, signed = in_turns(*map(cover, (covered_ahead, covered_plainly, covered_signed)))
    lists = in_turns(
        lambda: transpose(indptr, feature, n_features),
        lambda: transpose_into(indptr, feature, n_features, empty(len(feature))),
    )
    value = np.random.default_rng(0).lognormal(size=len(feature)).astype(np.float32)
    thetas = np.quantile(value[:100_000], np.linspace(0, 0.99, THETAS))
    counts = in_turns(lambda: counts_above(indptr, value, thetas), lambda: counted_plainly(indptr, value, thetas))
    return {
        "covering a round, posting lists read ahead": (ahead, plainly),
        "covering a round, unsigned index": (plainly, signed),
        "transpose into memory from numpy, not numba": (lists[0], lists[1]),
        f"counts above {THETAS} thetas by a table": (counts[0], counts[1]),
    }
