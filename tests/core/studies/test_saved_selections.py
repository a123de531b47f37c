"""Two selections beside each other, against plain sets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.schema import FeatureMatrix
from core.studies.saved_selections import pair
from tests.strategies import FEW, quick, sets_of_features


@quick
@given(sets_of_features, st.data())
def test_a_pair_is_what_sets_say(samples, data):
    n = len(samples)
    one, two = (data.draw(st.lists(st.integers(0, n - 1), unique=True)) for _ in range(2))
    tokens = np.arange(1, n + 1) * 7
    found = pair(FeatureMatrix.from_sets(samples, FEW), one, two, tokens)
    assert found.only_one.tolist() == sorted(set(one) - set(two))
    assert found.only_two.tolist() == sorted(set(two) - set(one))
    assert found.both.tolist() == sorted(set(one) & set(two))
    assert found.sizes == (len(one), len(two))
    assert found.tokens == (sum(tokens[one]), sum(tokens[two]))
    has = [set().union(*(samples[row] for row in rows)) for rows in (one, two)]
    assert found.covered == (len(has[0]), len(has[1]))

    def listed(features):
        return sorted(features, key=lambda f: (-sum(f in s for s in samples), f))

    assert (found.lost.tolist(), found.gained.tolist()) == (listed(has[0] - has[1]), listed(has[1] - has[0]))
