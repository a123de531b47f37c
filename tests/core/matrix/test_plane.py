"""Points in the plane: limits that outliers do not stretch, outlines, polygons against ray casting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.plane import INNER, boxed, crossings, inside, outlines
from tests.strategies import quick, seeds

corners = st.tuples(st.integers(-8, 8), st.integers(-8, 8))


def test_without_outliers_every_point_keeps_its_place():
    points = np.random.default_rng(0).uniform((3, -5), (4, 20), (500, 2))
    place, outside = boxed(points)
    assert not outside.any() and place.dtype == np.float32
    np.testing.assert_allclose([place.min(0), place.max(0)], [[-INNER] * 2, [INNER] * 2], rtol=1e-6)
    np.testing.assert_array_equal(np.argsort(place[:, 0]), np.argsort(points[:, 0]))


def test_outliers_stand_at_the_border_and_take_no_space():
    points = np.random.default_rng(0).uniform(0, 1, (1000, 2))
    points[3], points[7] = (1000, 0.5), (0.5, -400)
    place, outside = boxed(points)
    assert np.flatnonzero(outside).tolist() == [3, 7]
    assert place[3, 0] == 1 and place[7, 1] == -1 and abs(place[3, 1]) < 0.1
    rest = np.delete(place, [3, 7], axis=0)
    assert (np.ptp(rest, axis=0) > 1.7).all() and (np.abs(rest) <= INNER + 1e-6).all()


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.full((4, 2), 7.0), np.array([[1.0, 2.0]])])
def test_points_without_extent_lie_in_the_middle(points):
    place, outside = boxed(points)
    assert place.shape == points.shape and not place.any() and not outside.any()


@quick
@given(seeds, st.floats(0.05, 0.95))
def test_crossings_part_what_is_above_from_what_is_below(seed, level):
    grid = np.random.default_rng(seed).random((5, 6))
    ends = crossings(grid, level).reshape(-1, 2)
    crossed = set()
    for a, b in [((i, j), (i + di, j + dj)) for i in range(5) for j in range(6) for di, dj in ((0, 1), (1, 0), (1, 1))]:
        if max(b[0] - 4, b[1] - 5) <= 0 and (grid[a] >= level) != (grid[b] >= level):
            share = (level - grid[a]) / (grid[b] - grid[a])
            crossed.add(tuple(np.round(np.array(a) + share * (np.array(b) - a), 6)))
    assert set(map(tuple, np.round(ends, 6))) == crossed


def test_an_outline_holds_its_share_of_the_points():
    rng = np.random.default_rng(0)
    place = np.clip(rng.normal(0, 0.25, (4000, 2)), -1, 1)
    for share, lines in zip((0.9, 0.5), outlines(place, (0.9, 0.5)), strict=True):
        radius = np.linalg.norm(lines.reshape(-1, 2), axis=1)  # of a round heap the outlines are circles
        assert np.ptp(radius) < 0.25
        assert np.mean(np.linalg.norm(place, axis=1) < radius.mean()) == pytest.approx(share, abs=0.05)
    assert [len(lines) for lines in outlines(np.zeros((0, 2)))] == [0, 0, 0]


def in_polygon(point, polygon):
    """How often a ray to the right of the point meets a side of the polygon is odd (W. R. Franklin's pnpoly)."""
    x, y = point
    odd, j = False, len(polygon) - 1
    for i in range(len(polygon)):
        (xi, yi), (xj, yj) = polygon[i], polygon[j]
        if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
            odd = not odd
        j = i
    return odd


@quick
@given(seeds, st.lists(corners, min_size=3, max_size=9))
def test_points_in_a_polygon(seed, polygon):
    points = np.random.default_rng(seed).uniform(-9, 9, (40, 2)).astype(np.float32)
    assert inside(points, np.array(polygon, float)).tolist() == [in_polygon(p, polygon) for p in points.tolist()]


def test_a_square():
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    assert inside(np.array([[0, 0], [2, 0], [0, -1.5], [0.99, 0.99]]), square).tolist() == [True, False, False, True]
