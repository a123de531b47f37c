"""Greedy in chunks against a brute-force oracle and the other kernel."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.fastest import greedy_of, in_chunks
from core.matrix.greedy import credits, greedy
from core.matrix.rounds import CHUNK, chunked_greedy
from core.matrix.transpose import transpose
from core.schema import FeatureMatrix
from tests.strategies import FEW, quick, sets_of_features


def brute_force(sets, skip, r, allowed, start, budget):
    """Rows, rounds and gains by the definition, after the picks `start`: pairs of a row and its round."""
    sets, picks = [s - skip for s in sets], [(row, number, 0) for row, number in start]
    number = start[-1][1] if start else 1
    while len(picks) < budget:
        taken, before = {row for row, *_ in picks}, [sets[row] for row, when, _ in picks if when == number]
        gains = {
            row: sum(sum(f in s for s in before) < r for f in sets[row])
            for row in allowed
            if row not in taken and sets[row]
        }
        if not gains:
            rest = [row for row in allowed if row not in taken][: budget - len(picks)]
            last = max([when for _, when, _ in picks], default=1)
            return picks + [(row, last, 0) for row in rest]
        if not max(gains.values()):
            number += 1
            continue
        best = min(gains, key=lambda row: (-gains[row], row))
        picks.append((best, number, gains[best]))
    return picks


@quick
@given(sets_of_features, st.integers(1, 12), st.integers(1, 3), st.sets(st.integers(0, FEW - 1)), st.data())
def test_chunks_pick_as_the_definition_says(sets, budget, r, skip, data):
    matrix, n = FeatureMatrix.from_sets(sets, FEW), len(sets)
    banned = data.draw(st.sets(st.integers(0, n - 1), max_size=n // 2))
    allowed, first = [row for row in range(n) if row not in banned], []
    budget = min(budget, len(allowed))
    if data.draw(st.booleans()):  # going on, in the middle of a round
        first = brute_force(sets, skip, r, allowed, [], data.draw(st.integers(0, budget)))
    start, rounds = (np.array([pick[i] for pick in first], t) for i, t in ((0, np.int64), (1, np.int32)))
    task = (np.isin(np.arange(n), allowed), start, rounds, budget)
    most = credits(np.isin(np.arange(FEW), list(skip)), r)
    found = chunked_greedy(matrix.indptr, matrix.feature, most, *task)
    expected = brute_force(sets, skip, r, allowed, [pick[:2] for pick in first], budget)
    assert list(zip(*(a.tolist() for a in found), strict=True)) == expected


def test_chunks_at_scale_equal_the_other_kernel():
    rng, n, n_features = np.random.default_rng(0), 2 * CHUNK + 5, 300
    likely = rng.permutation(1 / np.arange(1, n_features + 1) ** 0.7)
    drawn = np.unique(rng.choice(n_features, (n, 6), p=likely / likely.sum()) + np.arange(n)[:, None] * n_features)
    indptr, feature = np.searchsorted(drawn, np.arange(n + 1) * n_features), (drawn % n_features).astype(np.int32)
    matrix = FeatureMatrix(indptr, feature, np.ones(len(feature)), n_features)
    assert in_chunks(matrix)
    for r, budget in ((1, n), (2, 5000)):
        most = credits(np.arange(n_features) % 50 == 7, r)
        task = (most, rng.random(n) < 0.95, np.empty(0, np.int64), np.empty(0, np.int32), budget)
        one = greedy_of(matrix, *task)
        two = greedy(matrix.indptr, matrix.feature, *transpose(indptr, feature, n_features), *task)
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True)) and one[1][-1] > 20


def test_wide_sets_and_small_data_are_left_to_the_other_kernel():
    assert not in_chunks(FeatureMatrix.from_sets([], 3))
    assert not in_chunks(FeatureMatrix.from_sets([{0}, {1, 2}], 3))
    assert in_chunks(FeatureMatrix.from_sets([{0, 1}] * 200, 2))
    assert not in_chunks(FeatureMatrix.from_sets([set(range(40))] * 200, 40))
