"""How gains are told."""

import numpy as np
import pytest

from core.explain.gains import gain_format, gain_text, in_features
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select

SETS = [[0, 1, 2], [2, 3], [3], [0, 4], [5]]


def selection(method="sae-greedy", **spec):
    matrix = FeatureMatrix.from_sets(SETS, n_features=6)
    reference = FeatureMatrix.from_sets([[0, 2], [2, 3], [3, 1], [0]], n_features=6)
    samples = SampleInfo(np.ones(5, int), np.arange(5) + 1, reference=lambda name, scope, lens: reference)
    return select(matrix, SelectionSpec(method, 3, **spec), samples)


@pytest.mark.parametrize(
    "found",
    [selection(weights="idf"), selection(weights="mass"), selection("reference-guided", options={"reference": "r"})],
    ids=["idf", "mass", "reference-guided"],
)
def test_gains_below_one_are_not_shown_as_zero(found):
    assert not in_features(found)
    assert 0 < found.gains[0] < 1000
    shown = [float(gain_text(found, gain).replace(",", "")) for gain in found.gains]
    assert np.allclose(shown, found.gains, rtol=0.005, atol=0)
    assert np.allclose([float(gain_format(found) % gain) for gain in found.gains], found.gains, rtol=0.005, atol=0)
    tiny = found.gains[0] / 1000
    assert float(gain_text(found, tiny)) == pytest.approx(tiny, rel=0.005)


def test_gains_that_count_features_are_whole_numbers():
    found = selection()
    assert in_features(found)
    assert [gain_text(found, gain) for gain in found.gains] == ["3", "1", "1"]
    assert gain_text(found, 12345.0) == "12,345"
    assert gain_format(found) % found.gains[0] == "3"


def test_large_weights_have_no_decimals():
    assert gain_text(selection(weights="idf"), 1234.5678) == "1,235"
