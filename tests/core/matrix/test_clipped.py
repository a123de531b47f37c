"""The high value of each feature against sorting, and values over it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.clipped import clip, high_values
from tests.strategies import quick, seeds


@quick
@given(seeds, st.integers(0, 400), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1]), st.booleans())
def test_it_is_what_sorting_gives(seed, n, share, coarse):
    rng = np.random.default_rng(seed)
    feature = (rng.integers(0, 4, n) * rng.integers(0, 3, n)).astype(np.int32)
    value = rng.lognormal(size=n).astype(np.float32)
    value = np.ceil(value) if coarse else value
    high = high_values(feature, value, 8, share)
    for f in range(8):
        own = np.sort(value[feature == f])
        assert high[f] == (own[int(np.ceil(share * len(own))) - 1] if len(own) else 0)
    out = np.empty_like(value)
    clip(feature, value, high, out)
    assert out == pytest.approx(np.minimum(value / high[feature], 1))
