"""Loops over samples compared with the ones accepted before: arrays only, like matrix/greedy.

N samples, F features, nnz entries, K picks. In every kernel, as in matrix/greedy:
    indptr int64 (N+1,), feature int32 (nnz,)     the matrix in CSR form, rows sorted by feature
    most uint8 or int64 (F,), skip bool (F,)      credits of a feature in a round; features without credit
    order, initial, rows int64, rounds int32      the candidates as they come, the picks before them; the picks (K,)
    cost int64 (N,), size int (N,)                what each takes of the budget; its features
    open_ (F, AT_ONCE) like most                  the credits that are left to each feature in each of the rounds
    prefix int64 (N,), ends int64 (N+1,)          rarest features that a sample is found by, and where they lie
    head int64 (F,), link int64, owner int32      the chain of accepted samples of each feature
    seen int64 (N,), turn                         which candidate each accepted sample was last compared with
"""

from __future__ import annotations

import numpy as np
from numba import njit

from core.matrix.greedy import fill
from core.matrix.transpose import row_sums, transpose_into

AT_ONCE = 64  # rounds side by side: a feature's credits in them are a cache line


@njit(cache=True)
def similarity_rounds(
    indptr: np.ndarray,
    feature: np.ndarray,
    most: np.ndarray,
    order: np.ndarray,
    initial: np.ndarray,
    cost: np.ndarray,
    budget: int,
    tau: float,
) -> tuple[np.ndarray, np.ndarray]:
    """SAE-SimScale (arXiv 2502.14050): (rows int64 (K,), round int32 (K,)), going through `order` once a round.

    A sample is accepted if it fits and at most the share `tau` of its features is covered. Samples without features
    have nothing new to offer: they come last. most (F,): as in `greedy.greedy`.
    """
    size = row_sums(indptr, feature, (most > 0).astype(np.float64)).astype(np.int32)
    order, empty = order[size[order] > 0], order[size[order] == 0]
    rows, rounds = np.empty(len(size), np.int64), np.ones(len(size), np.int32)
    n, k = len(initial), 0
    rows[:n] = initial
    for row in initial:
        budget -= cost[row]
    number = _first_fit(indptr, feature, size, most, order, initial, cost, budget, tau)
    found = order[number[order] > 0]
    found = found[np.argsort(number[found], kind="mergesort")]
    while k < len(found) and cost[found[k]] <= budget:
        rows[n], rounds[n], budget = found[k], number[found[k]], budget - cost[found[k]]
        n, k = n + 1, k + 1
    if k < len(found):  # what does not fit covers nothing: from there on the rounds are others
        last, before = number[found[k]], order[: np.flatnonzero(order == found[k])[0] + 1]
        n, budget = _go_on(indptr, feature, size, most, order, before, cost, budget, tau, last, rows, rounds, n)
    rounds[n:] = rounds[n - 1] if n else 1
    n = fill(empty, cost, budget, rows, n)
    return rows[:n], rounds[:n]


@njit(cache=True)
def _first_fit(
    indptr: np.ndarray,
    feature: np.ndarray,
    size: np.ndarray,
    most: np.ndarray,
    order: np.ndarray,
    initial: np.ndarray,
    cost: np.ndarray,
    budget: int,
    tau: float,
) -> np.ndarray:
    """The round in which each sample of `order` is accepted if everything fits: int32 (N,), 0 for the others, and for
    those of rounds that begin when the earlier ones have used the budget up.

    Which round takes a sample depends on the samples before it alone: it is the first that covers little enough of it.
    So the rounds fill side by side, and each sample is compared with AT_ONCE of them in one walk through its features.
    """
    number, covered = np.zeros(len(size), np.int32), np.empty(AT_ONCE, np.int32)
    left, begun, taken = order.copy(), 0, 0
    while len(left) and taken < budget:
        open_, k = np.empty((len(most), AT_ONCE), most.dtype), 0  # credits left to each feature in each round
        for f in range(len(most)):
            open_[f] = most[f]
        for row in initial if not begun else initial[:0]:
            _credit(row, 0, indptr, feature, open_)
        for row in left:
            covered[:] = 0
            for j in range(indptr[row], indptr[row + 1]):
                if most[feature[j]]:
                    own = open_[feature[j]]
                    for t in range(AT_ONCE):
                        covered[t] += own[t] == 0
            t = 0
            while t < AT_ONCE and covered[t] / size[row] > tau:
                t += 1
            if t < AT_ONCE:
                number[row], taken = begun + t + 1, taken + cost[row]
                _credit(row, t, indptr, feature, open_)
            else:
                left[k], k = row, k + 1
        left, begun = left[:k], begun + AT_ONCE
    return number


@njit(cache=True)
def _credit(row: int, t: int, indptr: np.ndarray, feature: np.ndarray, open_: np.ndarray) -> None:
    """Credit a pick of round t."""
    for j in range(indptr[row], indptr[row + 1]):
        f = feature[j]
        if open_[f, t]:
            open_[f, t] -= 1


@njit(cache=True)
def _go_on(
    indptr: np.ndarray,
    feature: np.ndarray,
    size: np.ndarray,
    most: np.ndarray,
    order: np.ndarray,
    before: np.ndarray,
    cost: np.ndarray,
    budget: int,
    tau: float,
    number: int,
    rows: np.ndarray,
    rounds: np.ndarray,
    n: int,
) -> tuple[int, int]:
    """Go on in round `number` after the samples `before`, where not everything fits any more: (n, budget)."""
    decided, open_ = np.zeros(len(size), np.bool_), most.copy().reshape(-1, 1)
    decided[rows[:n]] = True
    left = order[~decided[order] & (cost[order] <= budget)]
    for row in rows[:n][rounds[:n] == number]:
        _credit(row, 0, indptr, feature, open_)
    decided[before] = True
    while len(left):
        k = 0
        for row in left:
            covered = 0
            for j in range(indptr[row], indptr[row + 1]):
                covered += most[feature[j]] > 0 and open_[feature[j], 0] == 0
            if decided[row] or cost[row] > budget or covered / size[row] > tau:
                left[k], k = row, k + 1
                continue
            rows[n], rounds[n] = row, number
            n, budget = n + 1, budget - cost[row]
            _credit(row, 0, indptr, feature, open_)
        left, number = left[:k][cost[left[:k]] <= budget], number + 1
        open_[:, 0], decided[:] = most, False
    return n, budget


@njit(cache=True)
def _rarest_first(indptr: np.ndarray, feature: np.ndarray, skip: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """The matrix without the features to skip, renumbered so that the rarest comes first: (indptr, feature, F kept)."""
    sample = np.empty(len(feature), np.int32)
    fptr = transpose_into(indptr, feature, len(skip), sample)
    frequency = fptr[1:] - fptr[:-1]
    kept = np.argsort(frequency, kind="mergesort")
    kept = kept[(~skip[kept]) & (frequency[kept] > 0)]
    ends = np.zeros(len(kept) + 1, np.int64)
    ends[1:] = np.cumsum(frequency[kept])
    posting = np.empty(ends[-1], np.int32)
    for i in range(len(kept)):
        posting[ends[i] : ends[i + 1]] = sample[fptr[kept[i]] : fptr[kept[i] + 1]]
    rank = np.empty(len(posting), np.int32)
    ptr = transpose_into(ends, posting, len(indptr) - 1, rank)  # the transpose of the transpose has its rows in order
    return ptr, rank, len(kept)


@njit(cache=True)
def _overlap(a: np.ndarray, b: np.ndarray) -> int:
    """How many numbers two ascending arrays share."""
    i, j, n = 0, 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            n += 1
        step = a[i]
        i += step <= b[j]
        j += b[j] <= step
    return n


@njit(cache=True)
def nearest_rounds(
    indptr: np.ndarray,
    feature: np.ndarray,
    skip: np.ndarray,
    order: np.ndarray,
    initial: np.ndarray,
    cost: np.ndarray,
    budget: int,
    tau: float,
) -> tuple[np.ndarray, np.ndarray]:
    """As `similarity_rounds`, but a sample is accepted if its Jaccard similarity to every accepted one is ≤ `tau`.

    Exact, with the prefix filter of set-similarity joins (Bayardo et al. 2007): two sets more similar than tau share a
    feature among the |x| − ⌊tau·|x|⌋ rarest of each, so only those are indexed and looked up.
    """
    indptr, feature, n_kept = _rarest_first(indptr, feature, skip)
    size = indptr[1:] - indptr[:-1]
    prefix = np.minimum(size - np.floor(tau * size - 1e-9).astype(np.int64), size)
    rows, rounds = np.empty(len(size), np.int64), np.ones(len(size), np.int32)
    n, number = len(initial), 0
    rows[:n] = initial
    for row in initial:
        budget -= cost[row]
    left = order[(size[order] > 0) & (cost[order] <= budget)]
    ends = np.zeros(len(size) + 1, np.int64)
    ends[1:] = np.cumsum(prefix)
    head, link = np.full(n_kept, -1, np.int64), np.empty(ends[-1], np.int64)
    owner, seen = np.empty(ends[-1], np.int32), np.full(len(size), -1, np.int64)
    turn = 0
    while len(left):
        number, k = number + 1, 0
        head[:] = -1
        if number == 1:
            for row in initial:
                _index(row, indptr, feature, prefix, ends, head, link, owner)
        for row in left:
            turn += 1
            if cost[row] > budget or _too_near(row, turn, tau, indptr, feature, prefix, head, link, owner, seen):
                left[k] = row
                k += 1
                continue
            rows[n], rounds[n] = row, number
            n, budget = n + 1, budget - cost[row]
            _index(row, indptr, feature, prefix, ends, head, link, owner)
        left = left[:k][cost[left[:k]] <= budget]
    rounds[n:] = max(number, 1)
    n = fill(order[size[order] == 0], cost, budget, rows, n)
    return rows[:n], rounds[:n]


@njit(cache=True)
def _index(
    row: int,
    indptr: np.ndarray,
    feature: np.ndarray,
    prefix: np.ndarray,
    ends: np.ndarray,
    head: np.ndarray,
    link: np.ndarray,
    owner: np.ndarray,
) -> None:
    """Put an accepted sample into the lists of its rarest features."""
    for j in range(prefix[row]):
        f, at = feature[indptr[row] + j], ends[row] + j
        owner[at], link[at], head[f] = row, head[f], at


@njit(cache=True)
def _too_near(
    row: int,
    turn: int,
    tau: float,
    indptr: np.ndarray,
    feature: np.ndarray,
    prefix: np.ndarray,
    head: np.ndarray,
    link: np.ndarray,
    owner: np.ndarray,
    seen: np.ndarray,
) -> bool:
    """Whether an accepted sample is more similar to `row` than tau."""
    mine = feature[indptr[row] : indptr[row + 1]]
    for j in range(prefix[row]):
        at = head[mine[j]]
        while at >= 0:
            other = owner[at]
            at = link[at]
            if seen[other] == turn:
                continue
            seen[other] = turn
            size = indptr[other + 1] - indptr[other]
            if min(size, len(mine)) <= tau * max(size, len(mine)):
                continue
            shared = _overlap(mine, feature[indptr[other] : indptr[other + 1]])
            if shared / (size + len(mine) - shared) > tau:
                return True
    return False
