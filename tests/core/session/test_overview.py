"""What a data set holds and what a selection amounts to, in few figures."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.explain.credit import ledger
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select
from core.session.overview import contents_told, ends_and_middle, largest_features, nth, telling_rows
from tests.strategies import FEW, sets_of_features


@given(sets_of_features)
def test_the_largest_features_are_those_that_counting_finds(sets):
    counts = Counter(feature for features in sets for feature in features if feature != 1)
    expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:4]
    assert largest_features(FeatureMatrix.from_sets(sets, FEW), {1}, 4) == expected


def test_sources_are_told_with_their_shares_and_lengths_by_the_median():
    tokens = np.array([10, 20, 30, 4000])
    assert contents_told(np.array([""] * 4, object), tokens) == (
        "4 samples. Half of them have at most 25 tokens, the longest has 4,000."
    )
    told = contents_told(np.array(["web", "books", "web", "web"], object), tokens)
    assert told.startswith("4 samples from 2 sources, web (75%) and books (25%). ")
    assert "from 4 sources, the largest a (25%), b (25%) and c (25%)." in contents_told(np.array([*"abcd"]), tokens)


@given(sets_of_features)
def test_telling_rows_are_kept_and_left_out_from_most_to_least_redundant(sets):
    matrix = FeatureMatrix.from_sets([*sets, {0}, {1}, {0, 1}, {2}], FEW)
    selection = select(matrix, SelectionSpec("sae-greedy", 2))
    kept, left = telling_rows(selection, book := ledger(matrix, selection))
    assert kept == selection.rows.tolist() and len(left) == 3 and not set(kept) & set(left)
    assert book.redundancy[left].tolist() == sorted(book.redundancy[left], reverse=True)


def test_the_middle_of_few():
    assert ends_and_middle(np.array([], int)) == [] and ends_and_middle(np.array([7])) == [7]
    assert ends_and_middle(np.array([7, 8, 9, 4])) == [7, 9, 4]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_the_nth_is_that_of_a_stable_sort(values):
    order = np.argsort(values, kind="stable")
    assert [nth(np.array(values, float), n) for n in range(len(values))] == order.tolist()
