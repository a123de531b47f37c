"""Points thinned out for a screen, against drawing from one square after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.thinned import CELLS, counts_in, thinned, within
from tests.strategies import quick, seeds

EXTENT = (-0.5, 0.75, -1.0, 0.25)


def places(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heaps = rng.uniform(-1, 1, (3, 2))  # some squares hold many points
    spread = rng.normal(0, rng.choice([0.002, 0.3], (n, 1)), (n, 2))
    return np.clip(heaps[rng.integers(0, 3, n)] + spread, -1, 1).astype(np.float32)


def drawn_in_turns(place: np.ndarray, first: set[int], most: int, seed: int) -> list[int]:
    """Ten lines: who comes first takes the next place of its square, and the lowest places are drawn."""
    lot = np.random.default_rng(seed).permutation(len(place))
    left, right, low, high = EXTENT
    queue, taken = [], {}
    for row in sorted(range(len(place)), key=lambda row: (row not in first, lot[row])):
        x, y = place[row]
        if left <= x <= right and low <= y <= high:
            column = min(int((x - np.float32(left)) * np.float32(CELLS / (right - left))), CELLS - 1)
            line = min(int((y - np.float32(low)) * np.float32(CELLS / (high - low))), CELLS - 1)
            key = (row in first, line, column)
            taken[key] = taken.get(key, 0) + 1
            queue.append((row not in first, taken[key], lot[row], row))
    return sorted(row for *_, row in sorted(queue)[:most])


@quick
@given(seeds, st.integers(0, 300), st.integers(1, 150), st.integers(0, 200))
def test_each_square_gives_one_after_the_other(seed, n, most, n_first):
    place = places(seed, n)
    first = np.unique(np.random.default_rng(seed).integers(0, max(n, 1), n_first if n else 0))
    found = thinned(place, EXTENT, first, most, seed)
    assert found.tolist() == drawn_in_turns(place, set(first.tolist()), most, seed)


@quick
@given(seeds, st.integers(0, 200))
def test_every_point_of_an_extent_is_counted_once(seed, n):
    place = places(seed, n)
    counts = counts_in(place, EXTENT, (3, 5))
    assert counts.shape == (3, 5) and counts.sum() == within(place, EXTENT).sum()
    x, y = np.linspace(-0.5, 0.75, 6), np.linspace(-1.0, 0.25, 4)
    expected = np.histogram2d(place[:, 1], place[:, 0], (y, x))[0]
    assert np.abs(counts - expected).sum() <= 2  # of a point on a border between cells, by rounding


def test_a_closer_look_keeps_the_points_that_were_there():
    place = np.random.default_rng(0).uniform(-1, 1, (20_000, 2)).astype(np.float32)
    far = thinned(place, (-1, 1, -1, 1), np.zeros(0, int), 2000)
    near = thinned(place, (-0.25, 0.25, -0.25, 0.25), np.zeros(0, int), 2000)
    shared = np.isin(far[within(place[far], (-0.25, 0.25, -0.25, 0.25))], near)
    assert len(far) == 2000 and len(near) > 1200 and shared.all()
