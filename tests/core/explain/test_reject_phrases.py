"""Reasons of what is left out, word for word, and those of a prefix of a selection."""

from dataclasses import replace

import numpy as np

from core.explain.rejects import reasons
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select
from tests.strategies import F


def test_fault_11_methods_no_longer_share_one_untrue_reason():
    sets = [{0, 1, 2}, {0, 1, 2, 3}, {4}, {5, 6}]
    matrix = FeatureMatrix.from_sets(sets, F)
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [1, 0.01]])
    info = SampleInfo(
        np.array([3, 4, 5, 6]), np.array([9, 1, 7, 2]), {"grade": np.array([4.0, 3, 2, 1])}, lambda _: vectors
    )

    def said(method, budget, row, **options):
        spec = SelectionSpec(method, budget, options=options)
        return reasons(matrix, select(matrix, spec, info), info, [row])[0]

    assert said("sae-greedy", 3, 0) == "redundant: the selection has its features"
    assert said("sae-greedy", 1, 3) == "budget: it would add 2 new features, and the last sample kept added 4"
    near = "too near row 1: Jaccard similarity 0.750, at most 0.5 is accepted"
    assert said("sae-simscale", 2, 0, against="nearest", tau=0.5) == near
    assert said("repr-filter", 2, 1) == "too near row 0: cosine 0.9950, at most 0.9 is accepted"
    assert said("repr-filter", 2, 3) == "budget: samples before it in the order come first"
    assert said("longest-response", 2, 3) == "budget: its response has 2 tokens, those picked have 7 or more"
    assert said("quality", 1, 2) == "budget: its score is 2, those picked have 4 or more"


def test_rows_are_called_by_the_names_that_are_given():
    matrix, vectors = FeatureMatrix.from_sets([{0}] * 3, 1), np.array([[1.0, 0], [1, 0], [0, 1]])
    one = np.ones(3, int)
    info = SampleInfo(one, one, {}, lambda _: vectors)
    found = select(matrix, SelectionSpec("repr-filter", 2), info)
    phrase = reasons(matrix, found, info, [1], named=np.array([40, 50, 60]))[0]
    assert phrase == "too near row 40: cosine 1.0000, at most 0.9 is accepted"


def test_a_prefix_has_the_reasons_of_a_selection_of_its_size():
    rng = np.random.default_rng(0)
    matrix = FeatureMatrix.from_sets([set(rng.integers(0, F, 4).tolist()) for _ in range(12)], F)
    vectors, one = rng.normal(size=(12, 3)), np.ones(12, int)
    info = SampleInfo(one, np.arange(12), {"grade": rng.random(12)}, lambda _: vectors)
    for method in ("k-center", "sae-greedy", "sae-simscale", "repr-filter", "quality", "random"):
        whole = select(matrix, SelectionSpec(method, 12), info)
        spec = SelectionSpec(method, 4)
        rest = whole.rows[4:]
        part = replace(whole.prefix(4), spec=spec)
        assert reasons(matrix, part, info, rest) == reasons(matrix, select(matrix, spec, info), info, rest)
