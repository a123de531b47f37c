"""The lazy kernel for any weights and costs against looking at every sample for every pick."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.transpose import transpose
from core.matrix.weighted import greedy_heap
from core.schema import FeatureMatrix
from tests.strategies import quick, seeds


def one_by_one(sets, task):
    """(rows, rounds): each time the gain of every sample that fits is computed anew."""
    weight, allowed, initial, cost, quality, budget, r, per_cost, group, room = task
    counts, room = np.zeros(len(weight), int), room.copy()
    rows, rounds, number, lifted = [], [], 1, False

    def gain(row):
        total = 0.0
        for f in sorted(sets[row]):
            total += weight[f] if counts[f] < r else 0.0
        return total * quality[row] / (cost[row] if per_cost else 1)

    def take(row):
        rows.append(row)
        rounds.append(number)
        counts[list(sets[row])] += 1

    for row in initial:
        take(row)
    budget -= sum(cost[row] for row in initial)
    while True:
        fits = [i for i in np.flatnonzero(allowed) if i not in rows and cost[i] <= min(budget, room[group[i]])]
        gains = {row: gain(row) for row in fits}
        if gains and max(gains.values()) > 0:
            best = min(gains, key=lambda row: (-gains[row], row))
            take(best)
            budget, room[group[best]] = budget - cost[best], room[group[best]] - cost[best]
            continue
        before, counts[:] = counts.copy(), 0
        if any(gain(row) > 0 for row in fits):
            number += 1
        elif lifted:
            break
        else:
            counts[:], room[:], lifted = before, budget, True
    counts[:] = 0
    for row in np.flatnonzero(allowed):
        if row not in rows and gain(row) == 0 and cost[row] <= budget:
            rows, rounds, budget = [*rows, int(row)], [*rounds, number], budget - cost[row]
    return [int(row) for row in rows], rounds


@quick
@given(seeds, st.integers(1, 3), st.booleans(), st.sampled_from([2, 12, 40]), st.sampled_from([3, 8, 30]))
def test_it_picks_what_looking_at_all_would(seed, r, per_cost, n, features):
    rng = np.random.default_rng(seed)
    sets = [set(np.flatnonzero(row).tolist()) for row in rng.random((n, features)) < rng.choice([0.1, 0.3, 0.7])]
    weight = rng.choice([0.0, 1.0, 0.1, 0.3, 1 / 3], features) if rng.random() < 0.6 else np.ones(features)
    quality = rng.choice([0.0, 0.5, 1.0, 0.7], n) if rng.random() < 0.5 else np.ones(n)
    group, allowed = rng.integers(0, 3, n).astype(np.int32), rng.random(n) < 0.9
    cost = rng.integers(1, 5, n)
    initial = np.flatnonzero(allowed)[: rng.integers(0, 3)][::-1].astype(np.int64)
    budget = int(cost[initial].sum() + rng.integers(0, cost.sum()))
    room = rng.integers(0, budget + 1, 3) if rng.random() < 0.5 else np.full(3, budget)
    task = (weight, allowed, initial, cost, quality, budget, r, per_cost, group, room)
    matrix = FeatureMatrix.from_sets(sets, features)
    lists = transpose(matrix.indptr, matrix.feature, features)
    rows, rounds = greedy_heap(matrix.indptr, matrix.feature, *lists, *task)
    assert (rows.tolist(), rounds.tolist()) == one_by_one(sets, task)
