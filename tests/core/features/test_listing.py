"""The orders in which features are listed, against sorted lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.listing import ORDERS, first_telling, largest_values, listed_features, matching
from core.schema import FeatureMatrix
from tests.strategies import quick

F = 8
VALUES = st.dictionaries(st.integers(0, F - 1), st.sampled_from([0.5, 1.0, 2.0]), max_size=5)


def matrix_of(samples):
    entries = [sorted(s.items()) for s in samples]
    flat = [pair for row in entries for pair in row]
    return FeatureMatrix(
        np.cumsum([0, *map(len, entries)]),
        np.array([f for f, _ in flat], np.int32),
        np.array([v for _, v in flat], np.float32),
        F,
    )


@quick
@given(
    samples=st.lists(VALUES, min_size=1, max_size=6), data=st.data(), order=st.sampled_from(ORDERS),
    vetoed=st.sets(st.integers(0, F - 1), max_size=3), credited=st.lists(st.integers(0, F - 1), max_size=6),
)  # fmt: skip
def test_features_are_listed_as_sorting_would(samples, data, order, vetoed, credited):
    picks = sorted(data.draw(st.sets(st.integers(0, len(samples) - 1), min_size=1)))
    common = {f: sum(f in s for s in samples) for f in range(F)}

    def surprise(f):
        expected = common[f] * len(picks) / len(samples)
        return round((sum(f in samples[p] for p in picks) - expected) / expected**0.5, 9) if expected else 0.0

    key = {
        "most credited": lambda f: (-credited.count(f), -surprise(f)),
        "commonest": lambda f: -common[f],
        "rarest": lambda f: common[f],
        "strongest": lambda f: -max((s.get(f, 0) for s in samples), default=0),
        "enriched": lambda f: -surprise(f),
        "vetoed": lambda f: 0,
    }[order]
    known = vetoed if order == "vetoed" else vetoed | {f for f in range(F) if common[f]}
    found = listed_features(matrix_of(samples), np.array(picks), np.array(credited, np.int32), vetoed, order)
    assert sorted(found.tolist()) == sorted(known)
    keys = [key(f) for f in found.tolist()]
    assert keys == sorted(keys)
    if order in ("commonest", "rarest", "strongest", "vetoed"):
        assert found.tolist() == sorted(known, key=key), "among equals the lowest number comes first"


def test_the_order_vetoed_lists_the_vetoed_features_alone():
    found = listed_features(matrix_of([{0: 1.0, 3: 1.0}]), np.array([0]), np.zeros(0, np.int32), {3, 5}, "vetoed")
    assert found.tolist() == [3, 5], "5 too, though it is not active"


def test_largest_values():
    assert largest_values(matrix_of([{1: 0.5}, {1: 2.0, 7: 1.0}])).tolist() == [0, 2, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("text", "found"), [("", [3, 12, 2]), (" 12", [12, 2]), ("SEA", [3, 2]), ("2", [2]), ("no", []), ("wind", [12])]
)
def test_matching(text, found):
    labels = {3: "the Sea", 12: "wind", 2: "sea 12 b"}
    assert matching(np.array([3, 12, 2]), text, labels.__getitem__).tolist() == found


def test_the_first_telling_feature_has_a_clear_name():
    names = {3: "odd things (unclear)", 5: "", 1: "recipes", 2: "sports"}
    assert first_telling([3, 5, 1, 2], names.get) == 1
    assert first_telling([3, 5], names.get) == 3
    assert first_telling([], names.get) is None
