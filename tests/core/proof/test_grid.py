"""The grid of a proof: which rows are held out, and in what order its cells are run."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.proof.grid import Cell, cells, held_out_rows


@given(st.integers(1, 4), st.integers(0, 10**6))
def test_held_out_rows(n, seed):
    source = np.array(["a"] * 12 + ["b"] * 10 + ["a"] * 3)
    found = held_out_rows(source, n, seed, bans=(0, 13))
    assert (np.diff(found) > 0).all() and not {0, 13} & set(found.tolist())
    assert (source[found] == "a").sum() == (source[found] == "b").sum() == n
    assert np.array_equal(found, held_out_rows(source, n, seed, bans=(0, 13)))


def test_held_out_rows_leave_most_of_a_source():
    with pytest.raises(SelectionError, match="6 held-out samples are more than half of the 10 of source 'b'"):
        held_out_rows(["a"] * 20 + ["b"] * 10, 6, 0)


def test_the_grid_fills_seed_by_seed():
    found = cells(["random", "full", "base"], [9, 3], range(2))
    assert found[:4] == [Cell("base", 0, 0), Cell("random", 3, 0), Cell("random", 9, 0), Cell("full", 0, 0)]
    assert len(found) == len(set(found)) == 7
    with pytest.raises(SelectionError, match="Unknown method 'best'"):
        cells(["best"], [3], range(1))
