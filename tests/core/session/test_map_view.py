"""What is sent of a large map: the density of all samples, and some of them."""

import numpy as np
import pytest

from core.session.map_view import GRID, SENT, WHOLE, extent_around, map_view
from core.session.sample_map import SampleMap


@pytest.fixture(scope="module")
def large() -> SampleMap:
    place = np.clip(np.random.default_rng(0).normal(0, 0.3, (70_000, 2)), -1, 1).astype(np.float32)
    return SampleMap(place, np.zeros(0, np.int64), ())


def test_the_whole_map_has_all_kept_samples_and_some_of_the_others(large):
    kept = np.random.default_rng(1).choice(70_000, 5000, replace=False)
    seen = map_view(large, WHOLE, kept)
    assert len(seen.rows) == SENT and seen.n == 70_000 and np.isin(kept, seen.rows).all()
    assert seen.density.shape == GRID and seen.density.max() == 255
    counts = np.histogram2d(large.place[:, 1], large.place[:, 0], GRID, [[-1, 1], [-1, 1]])[0]
    assert np.mean((counts > 0) == (seen.density > 0)) > 0.99  # but for points on a border, by rounding


def test_a_close_look_has_every_sample(large):
    extent = (-0.1, 0.1, -0.1, 0.1)
    seen = map_view(large, extent, np.zeros(0, int))
    inside = np.flatnonzero((np.abs(large.place) <= 0.1).all(1))
    assert len(inside) < SENT and abs(seen.n - len(inside)) <= 2 and set(seen.rows) ^ set(inside) <= set(inside[:0])


def test_nothing_lies_in_an_empty_extent(large):
    seen = map_view(large, (0.99, 1.0, 0.99, 1.0), np.zeros(0, int))
    assert seen.n == len(seen.rows) == 0 and not seen.density.any()


@pytest.mark.parametrize("seen", [(), (0, 1), (0, 0, 0, 1), (1, -1, 0, 1), (0, float("nan"), 0, 1), (2, 3, 2, 3)])
def test_what_is_no_extent_shows_the_whole_map(seen):
    assert extent_around(seen) == WHOLE


def test_an_extent_is_sent_with_what_lies_around_it():
    assert extent_around((0, 0.4, -0.2, 0.2)) == pytest.approx((-0.1, 0.5, -0.3, 0.3))
    assert extent_around((-1.2, 1.2, -5, 0.9)) == (-1, 1, -1, 1)
