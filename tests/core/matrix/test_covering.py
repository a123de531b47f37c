"""What picks cover, held against unions of sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.covering import covered_counts
from core.schema import FeatureMatrix

F = 12


@given(
    st.lists(st.sets(st.integers(0, F - 1)), min_size=1, max_size=9), st.sets(st.integers(0, F - 1)), st.integers(0, F)
)
def test_counts_are_those_of_unions_up_to_the_first_that_has_everything(sets, skipped, everything):
    matrix = FeatureMatrix.from_sets(sets, F)
    rows = np.random.default_rng(len(sets)).permutation(len(sets))
    wanted = [len(set().union(*(sets[r] for r in rows[: k + 1])) - skipped) for k in range(len(rows))]
    if everything in wanted:
        wanted = wanted[: wanted.index(everything) + 1]
    skip = np.isin(np.arange(F), list(skipped))
    assert covered_counts(matrix.indptr, matrix.feature, rows, skip, everything).tolist() == wanted
