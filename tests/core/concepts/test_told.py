"""What is said of a concept, and which samples lie at a threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.concepts.told import at_threshold, histogram, reliable, verdict
from core.scoring.taught import Taught


@pytest.mark.parametrize(("low", "word"), [(0.95, "well"), (0.8, "most"), (0.6, "Nothing reliable")])
def test_the_verdict_goes_by_the_lower_end_of_the_probe_that_scores(low: float, word: str) -> None:
    auc = {"features": (0.97, low, 0.99), "vectors": (1.0, 0.99, 1.0)}
    taught = Taught("x", "a", "b", 10, 10, "tokens", "all", 0.0, 0, auc, "features", [])
    assert word in verdict(taught) and reliable(taught) == (low >= 0.7)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1), st.integers(1, 5))
def test_those_at_the_threshold_are_the_nearest_of_either_side(score: list[float], threshold: float, most: int) -> None:
    values = np.array(score)
    rows = at_threshold(values, threshold, most).tolist()
    above = sorted((row for row in range(len(score)) if score[row] >= threshold), key=lambda row: (-score[row], row))
    below = sorted((row for row in range(len(score)) if score[row] < threshold), key=lambda row: (-score[row], row))
    assert rows == above[-most:] + below[:most]
    assert histogram(values)[1].sum() == len(score)
