"""The k largest of each row, against sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.largest import k_largest
from tests.strategies import quick, seeds


@quick
@given(seeds, st.integers(1, 8), st.integers(0, 7))
def test_the_k_largest_are_chosen_as_the_definition_says(seed, k, rows):
    dense = np.random.default_rng(seed).integers(-3, 4, (rows, 6)).astype(np.float32)  # many ties
    counts, columns, values = k_largest(dense, k)
    ends = np.cumsum(counts)
    for row, found, of in zip(dense, np.split(columns, ends)[:rows], np.split(values, ends)[:rows], strict=True):
        best = sorted(range(6), key=lambda f: (-row[f], f))[:k]
        assert found.tolist() == sorted(f for f in best if row[f] > 0)
        np.testing.assert_array_equal(of, row[found])
