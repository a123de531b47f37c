"""What samples take of a budget."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.schema import UNITS, FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo, costs

counts = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20)


@given(counts)
def test_a_sample_takes_its_tokens_and_an_empty_one_as_if_it_had_one(tokens):
    prompt, response = np.array(tokens, np.int32).reshape(-1, 2).T
    info, matrix = SampleInfo(prompt, response), FeatureMatrix.from_sets([{0}] * len(tokens), 1)
    expected = {"samples": [1] * len(tokens), "tokens": [p + r or 1 for p, r in tokens]}
    for unit in UNITS:
        found = info.costs(unit)
        assert found.dtype == np.int64 and found.tolist() == expected[unit]
        assert costs(matrix, SelectionSpec(unit=unit), info).tolist() == expected[unit]
