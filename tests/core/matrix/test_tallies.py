"""Counts above many thetas against comparing each value with each."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.matrix.tallies import counts_above
from tests.strategies import quick


def oracle(indptr, value, thetas):
    rows = [value[a:b] for a, b in pairwise(indptr)]
    return [[int((row.astype(float) > theta).sum()) for row in rows] for theta in thetas]


@quick
@given(arrays(np.float32, st.integers(0, 30), elements=st.floats(width=32)), st.data())
def test_any_value_is_counted_negative_infinite_and_missing_ones_too(value, data):
    cut = data.draw(st.integers(0, len(value)))
    indptr = np.array([0, cut, cut, len(value)])
    near = st.sampled_from([0.0, *np.nan_to_num(value).astype(float).tolist()])
    thetas = np.sort(np.array(data.draw(st.lists(near | st.floats(-1e9, 1e9), min_size=1, max_size=8))))
    assert counts_above(indptr, value, thetas).tolist() == oracle(indptr, value, thetas)


@pytest.mark.parametrize("steps", [255, 256, 700])
def test_more_than_255_thetas_are_counted_too(steps):
    rng = np.random.default_rng(0)
    value, thetas = rng.lognormal(size=500).astype(np.float32), np.linspace(0, 5, steps)
    indptr = np.array([0, 200, 500])
    assert counts_above(indptr, value, thetas).tolist() == oracle(indptr, value, thetas)
