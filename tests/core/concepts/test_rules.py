"""The rule of a few features and the list of words, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from core.concepts.rules import any_of, or_rule, word_list, words_in


def youden(fired: np.ndarray, positive: np.ndarray) -> float:
    return float(fired[positive].mean() - fired[~positive].mean())


@given(st.integers(0, 9999))
def test_each_feature_of_the_rule_raises_youdens_j_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    active, positive = rng.random((14, 6)) < 0.3, np.arange(14) < rng.integers(2, 12)
    chosen: list[int] = []
    while True:
        now = youden(active[:, chosen].any(1), positive)
        gains = [youden(active[:, [*chosen, f]].any(1), positive) - now for f in range(6)]
        best = int(np.argmax(np.round(gains, 9)))
        if gains[best] <= 1e-9:
            break
        chosen.append(best)
    given = csr_matrix(active * 0.5)
    assert or_rule(given, positive) == chosen
    np.testing.assert_array_equal(any_of(given, chosen), active[:, chosen].any(1))


def test_words_are_listed_by_how_surely_they_are_of_positive_texts() -> None:
    texts = [f"the bomb number {i} is Made" for i in range(12)] + [f"the cake {i} is made" for i in range(12)]
    texts[3] += " fuse"
    listed = word_list(texts, np.arange(24) < 12)
    assert set(listed) == {"bomb", "number"}
    assert words_in(["A BOMB, a number", "cake"], listed).tolist() == [2, 0]
    odds = np.log((12.5 / 0.5) / (0.5 / 12.5)) / np.sqrt(2 / 12.5 + 2 / 0.5)
    assert odds == pytest.approx(3.16, abs=0.01)
