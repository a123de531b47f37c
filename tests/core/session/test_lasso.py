"""A lasso written into an address and read again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.plane import inside
from core.session.lasso import MOST, lasso_of, lasso_text
from tests.strategies import quick, seeds

on_the_map = st.floats(-1, 1)


@quick
@given(st.lists(st.tuples(on_the_map, on_the_map), max_size=30))
def test_what_was_written_is_read(polygon):
    text = lasso_text(polygon)
    read = lasso_of(text)
    assert lasso_text(read) == text
    kept = {tuple(np.rint(np.array(corner) * 1000)) for corner in polygon}
    assert {tuple(np.rint(corner * 1000)) for corner in read} == (kept if text else set())


@quick
@given(seeds)
def test_many_corners_become_few_around_the_same_points(seed):
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    text = lasso_text(0.7 * np.column_stack([np.cos(angle), np.sin(angle)]))
    assert len(lasso_of(text)) == MOST and len(text) < 2000
    points = np.random.default_rng(seed).uniform(-1, 1, (200, 2))
    points = points[np.abs(np.linalg.norm(points, axis=1) - 0.7) > 0.002]
    np.testing.assert_array_equal(inside(points, lasso_of(text)), np.linalg.norm(points, axis=1) < 0.7)


@pytest.mark.parametrize("text", ["", "1.1", "1.1_2.2", "1.1_2.2_x.3", "1.1_2.2_<b>", "1.1_2.2_99999.3", "1.1_" * 500])
def test_what_says_no_area(text):
    assert lasso_of(text).shape == (0, 2)


def test_corners_outside_the_box_and_no_numbers_are_moved_into_it():
    assert lasso_text([[-5, 0], [5, np.nan], [0, np.inf]]) == "-1000.0_1000.0_0.1000"
    assert lasso_text([[0, 0], [0, 0], [0.00001, 0]]) == ""
