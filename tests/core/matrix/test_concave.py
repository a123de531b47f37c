"""What samples add to sums with diminishing returns, against the definition, under even and uneven weights."""

from math import exp, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.concave import SHAPES, all_added, concave_greedy
from tests.strategies import quick, seeds

PHI = (lambda t: t**0.5, log1p, lambda t: 1 - exp(-t), lambda t: min(t, 0.5))


def dense_rows(a):
    """CSR arrays of a dense matrix: indptr, feature, value."""
    indptr = np.concatenate([[0], np.cumsum((a > 0).sum(1))]).astype(np.int64)
    return indptr, np.nonzero(a)[1].astype(np.int32), a[a > 0].astype(np.float32)


def worth(a, weight, shape, rows):
    """F of some rows, word for word."""
    return sum(w * PHI[shape](t) for w, t in zip(weight, a[rows].sum(0), strict=True))


@quick
@given(
    st.integers(0, 2**31),
    st.integers(0, len(SHAPES) - 1),
    st.sampled_from([(0, 1), (2.5,), (1,), (0, 0.5, 3)]),
    st.sampled_from([0.01, 1, 40]),
)
def test_picks_and_gains_are_those_of_the_definition(seed, shape, weights, scale):
    r = np.random.default_rng(seed)
    a = np.float32(r.random((9, 6)) * scale * (r.random((9, 6)) < 0.5))
    weight = r.choice(weights, 6).astype(float)
    rows, gains = concave_greedy(
        *dense_rows(a), weight, shape, 0.5, np.ones(9, bool), np.empty(0, np.int64), np.ones(9, np.int64), 9, False
    )
    own = (a.astype(float), weight, shape)
    for n, (row, gain) in enumerate(zip(rows.tolist(), gains, strict=True)):
        before = rows[:n].tolist()
        adds = {i: worth(*own, [*before, i]) - worth(*own, before) for i in range(9) if i not in before}
        assert gain == pytest.approx(adds[row], rel=1e-6, abs=1e-6)
        assert adds[row] >= max(adds.values()) - 1e-6
    assert sorted(rows.tolist()) == list(range(9))


@quick
@given(seeds, st.integers(0, len(SHAPES) - 1), st.booleans(), st.booleans(), st.sampled_from([(0, 1), (1,), (0.5, 3)]))
def test_few_are_computed_anew_and_each_pick_still_adds_the_most(seed, shape, binary, per_cost, weights):
    r, n, f = np.random.default_rng(seed), 120, 15
    a = np.float32((1 if binary else r.lognormal(size=(n, f))) * (r.random((n, f)) < r.random(f)))
    weight, cost, allowed = r.choice(weights, f).astype(float), r.integers(1, 5, n), r.random(n) < 0.9
    matrix, budget, total = dense_rows(a), int(r.integers(1, 200)), np.zeros(f)
    task = (allowed, np.empty(0, np.int64), cost, budget, per_cost)
    for row in concave_greedy(*matrix, weight, shape, 0.5, *task)[0]:
        added = all_added(*matrix, weight, total, shape, 0.5) / (cost if per_cost else 1)
        best = added[allowed & (cost <= budget)].max()
        assert allowed[row] and cost[row] <= budget and added[row] >= best * (1 - 1e-12)
        allowed[row], budget, total = False, budget - cost[row], total + a[row]
    assert not (allowed & (cost <= budget)).any()


def test_a_sample_of_many_strong_features_does_not_overflow():
    a = np.full((1, 2000), 1e3)
    added = all_added(*dense_rows(a), np.full(2000, 0.5), np.zeros(2000), SHAPES.index("log"), 0.5)
    assert added == pytest.approx([1000 * log1p(1e3)])
