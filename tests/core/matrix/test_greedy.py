"""Kernels against oracles of a few lines."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.covering import credited_entries, walk_covered
from core.matrix.greedy import credits, greedy
from core.matrix.transpose import transpose
from core.matrix.weighted import greedy_heap
from core.schema import FeatureMatrix
from tests.strategies import FEW, quick, sets_of_features

NOBODY = np.empty(0, np.int64)
NO_ROUND = np.empty(0, np.int32)


@quick
@given(sets_of_features)
def test_transpose_lists_the_samples_of_each_feature(sets):
    matrix = FeatureMatrix.from_sets(sets, FEW)
    fptr, sample = transpose(matrix.indptr, matrix.feature, FEW)
    lists = [sample[fptr[f] : fptr[f + 1]].tolist() for f in range(FEW)]
    assert lists == [[i for i, s in enumerate(sets) if f in s] for f in range(FEW)]


@quick
@given(sets_of_features, st.randoms(use_true_random=False), st.integers(1, 3), st.sets(st.integers(0, FEW - 1)))
def test_walk_and_credited_entries(sets, random, r, skip):
    matrix, rows = FeatureMatrix.from_sets(sets, FEW), list(range(len(sets)))
    random.shuffle(rows)
    rounds = sorted(random.randint(1, 3) for _ in rows)
    weight, mask = np.arange(1.0, FEW + 1), np.isin(np.arange(FEW), list(skip))
    args = matrix.indptr, matrix.feature, np.array(rows), np.array(rounds, np.int32)
    gain, covered, credit = walk_covered(*args, weight, mask, r)
    ptr, entry = credited_entries(*args, mask, r)
    seen, first = set(), {}
    for k, row in enumerate(rows):
        earlier = [sets[rows[i]] for i in range(k) if rounds[i] == rounds[k]]
        new = {f for f in sets[row] - skip if sum(f in s for s in earlier) < r}
        seen |= sets[row] - skip
        first.update({f: k for f in sets[row] - skip if f not in first})
        assert gain[k] == sum(f + 1 for f in new)
        assert covered[k] == len(seen)
        assert matrix.feature[entry[ptr[k] : ptr[k + 1]]].tolist() == sorted(new)
    assert credit.tolist() == [first.get(f, -1) for f in range(FEW)]


@quick
@given(sets_of_features, st.integers(1, 12), st.integers(1, 2), st.sets(st.integers(0, FEW - 1)))
def test_heap_and_scans_agree(sets, budget, r, skip):
    matrix, n = FeatureMatrix.from_sets(sets, FEW), len(sets)
    budget, allowed, mask = min(budget, n), np.arange(n) != 1, np.isin(np.arange(FEW), list(skip))
    lists = transpose(matrix.indptr, matrix.feature, FEW)
    one = greedy(matrix.indptr, matrix.feature, *lists, credits(mask, r), allowed, NOBODY, NO_ROUND, budget)
    weight, cost = 1.0 - mask, np.ones(n, np.int64)
    group, room = np.zeros(n, np.int32), np.array([budget])
    two = greedy_heap(
        matrix.indptr, matrix.feature, *lists, weight, allowed, NOBODY, cost, np.ones(n), budget, r, False, group, room
    )
    assert [a.tolist() for a in one[:2]] == [a.tolist() for a in two]


@quick
@given(sets_of_features, st.integers(1, 12), st.integers(0, 10**6))
def test_heap_gives_each_group_its_room_then_the_rest_to_all(sets, budget, seed):
    matrix, n, rng = FeatureMatrix.from_sets(sets, FEW), len(sets), np.random.default_rng(seed)
    group, room, cost = rng.integers(0, 3, n).astype(np.int32), rng.integers(0, 5, 3), rng.integers(1, 4, n)
    found, _ = greedy_heap(
        matrix.indptr,
        matrix.feature,
        *transpose(matrix.indptr, matrix.feature, FEW),
        np.ones(FEW),
        np.ones(n, bool),
        NOBODY,
        cost,
        np.ones(n),
        budget,
        1,
        False,
        group,
        room,
    )
    left, money, covered, picks = room.copy(), budget, set(), []
    full, lifted = [row for row in range(n) if sets[row]], False
    while True:
        fits = [row for row in full if row not in picks and cost[row] <= min(money, left[group[row]])]
        gains = {row: len(set(sets[row]) - covered) for row in fits}
        if not fits and lifted:
            break
        if not fits:  # what a group cannot use is there for the others
            left, lifted = np.full(3, money), True
            continue
        if not max(gains.values()):
            covered = set()
            continue
        best = min(fits, key=lambda row: (-gains[row], row))
        picks.append(best)
        covered |= set(sets[best])
        money, left[group[best]] = money - cost[best], left[group[best]] - cost[best]
    assert found[: len(picks)].tolist() == picks
    assert all(not sets[row] for row in found[len(picks) :].tolist())


def test_greedy_at_scale_equals_a_dense_oracle():
    rng = np.random.default_rng(0)
    n, f, budget = 5000, 4096, 1500
    dense = rng.random((n, f)) < 0.1 / np.arange(1, f + 1) ** 0.2
    indptr = np.concatenate([[0], dense.sum(1).cumsum()]).astype(np.int64)
    feature = np.nonzero(dense)[1].astype(np.int32)
    lists = transpose(indptr, feature, f)
    rows, rounds, gains = greedy(
        indptr, feature, *lists, np.ones(f, np.uint8), np.ones(n, bool), NOBODY, NO_ROUND, budget
    )
    gain, is_open, number = dense.sum(1), np.ones(n, bool), 1
    uncovered, counts = np.ones(f, bool), dense.sum(1)
    for row, got_round, got_gain in zip(rows, rounds, gains, strict=True):
        if not gain[is_open].any():
            gain, uncovered, number = counts.copy(), np.ones(f, bool), number + 1
        best = np.argmax(np.where(is_open, gain, -1))
        assert (row, got_round, got_gain) == (best, number, gain[best])
        new = dense[best] & uncovered
        gain = gain - dense[:, new].sum(1)
        uncovered &= ~new
        is_open[best] = False
    assert rounds[-1] > 1
