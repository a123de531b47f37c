"""Posting lists against sets; they belong to their matrix."""

import gc
import weakref

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.postings import having, postings, samples_with
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select
from tests.strategies import FEW, quick, sets_of_features


@quick
@given(sets_of_features, st.integers(0, FEW - 1), st.randoms(use_true_random=False))
def test_the_samples_of_a_feature_and_its_values_in_some_rows(sets, feature, random):
    plain = FeatureMatrix.from_sets(sets, FEW)
    matrix = FeatureMatrix(plain.indptr, plain.feature, np.arange(1, len(plain.feature) + 1), FEW)
    assert samples_with(matrix, feature).tolist() == [i for i, s in enumerate(sets) if feature in s]
    rows = random.choices(range(len(sets)), k=5)
    got, value = having(matrix, feature, rows)
    owner = np.repeat(np.arange(len(sets)), matrix.counts).tolist()
    values = dict(zip(zip(owner, matrix.feature.tolist(), strict=True), matrix.value.tolist(), strict=True))
    assert list(zip(got.tolist(), value.tolist(), strict=True)) == [
        (i, values[i, feature]) for i in rows if feature in sets[i]
    ]


def test_posting_lists_are_made_once_and_freed_with_their_matrix_not_kept_for_the_process():
    first, second = FeatureMatrix.from_sets([{0}, {1, 2}], 3), FeatureMatrix.from_sets([{2}, {0}], 3)
    select(first, SelectionSpec(budget=2))
    kept = postings(first)
    select(second, SelectionSpec(budget=2))
    assert postings(first) is kept, "two matrices in turn: neither is computed again"
    lists = weakref.ref(kept[1])
    del kept, first
    gc.collect()
    assert lists() is None
