"""What samples add to sums with diminishing returns, against the definition, under even and uneven weights."""

from math import exp, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.concave import SHAPES, all_added, concave_greedy
from tests.strategies import quick

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


def test_a_sample_of_many_strong_features_does_not_overflow():
    a = np.full((1, 2000), 1e3)
    added = all_added(*dense_rows(a), np.full(2000, 0.5), np.zeros(2000), SHAPES.index("log"), 0.5)
    assert added == pytest.approx([1000 * log1p(1e3)])
