"""Selections that favour length less than greedy does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select
from core.studies.beyond_length import by_relative_gain, expected_counts, in_length_bins
from core.studies.matched_sets import length_bins
from tests.strategies import quick, seeds


def long_samples(seed, n=200, f=300):
    """Samples whose number of features follows their length."""
    rng = np.random.default_rng(seed)
    length = rng.integers(2, 60, n)
    matrix = FeatureMatrix.from_sets([set(rng.integers(0, f, size).tolist()) for size in length], f)
    return matrix, SampleInfo(np.zeros(n, np.int64), length), length


@quick
@given(seeds, st.integers(1, 200), st.integers(1, 12))
def test_each_length_bin_gets_its_share(seed, budget, bins):
    matrix, info, length = long_samples(seed)
    spec = SelectionSpec(budget=budget, pins=(3, 5)[: budget - 1], bans=(8, 9))
    found = in_length_bins(matrix, spec, info, length, bins)
    wanted = min(budget, 198)
    assert len(set(found.rows)) == len(found.rows) == wanted and not {8, 9} & set(found.rows.tolist())
    assert found.rows[: len(spec.pins)].tolist() == list(spec.pins)
    of = length_bins(length, bins)
    per_bin, size = np.bincount(of[found.rows[len(spec.pins) :]], minlength=bins), np.bincount(of)
    if size.min() - 4 > budget / len(size) + 1:
        assert np.ptp(per_bin) <= 1


def test_a_bin_whose_samples_are_all_banned_leaves_its_places_to_others():
    matrix, info, length = long_samples(6)
    short = tuple(np.flatnonzero(length_bins(length, 10) == 0).tolist())
    found = in_length_bins(matrix, SelectionSpec(budget=20, bans=short), info, length)
    assert len(found.rows) == 20 and not set(short) & set(found.rows.tolist())


def test_a_single_bin_is_plain_greedy():
    matrix, info, length = long_samples(4)
    spec = SelectionSpec(budget=20)
    assert in_length_bins(matrix, spec, info, length, 1).rows.tolist() == select(matrix, spec).rows.tolist()
    with pytest.raises(SelectionError, match="budget in samples"):
        in_length_bins(matrix, SelectionSpec(unit="tokens"), info, length)


def test_relative_gain_takes_the_largest_gain_for_its_length():
    matrix, info, length = long_samples(5)
    expected = expected_counts(matrix.counts, length)
    order = np.argsort(length, kind="stable")
    assert (np.diff(expected[order]) >= 0).all() and expected.mean() == pytest.approx(matrix.counts.mean())
    found, covered = by_relative_gain(matrix, SelectionSpec(budget=10), info, length), set()
    for row in found.rows:
        gains = np.array([len(set(matrix.row(i).tolist()) - covered) for i in range(matrix.n_samples)])
        value = gains / expected
        value[found.rows[: found.rows.tolist().index(row)]] = -1
        assert value[row] == pytest.approx(value.max())
        covered |= set(matrix.row(row).tolist())


def test_relative_gain_and_bins_favour_length_less_than_greedy():
    matrix, info, length = long_samples(6)
    spec = SelectionSpec(budget=20)
    plain = length[select(matrix, spec).rows].mean()
    for found in (in_length_bins(matrix, spec, info, length), by_relative_gain(matrix, spec, info, length)):
        assert length[found.rows].mean() < plain
