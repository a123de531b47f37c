"""Rows that are marked among all, held against sets."""

from hypothesis import given
from hypothesis import strategies as st

from core.matrix.rows import among, distinct, others


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1)))))
def test_rows_are_those_of_sets(drawn):
    n, rows = drawn
    assert among(n, rows).tolist() == [row in rows for row in range(n)]
    assert distinct(n, rows).tolist() == sorted(set(rows))
    assert others(n, rows).tolist() == sorted(set(range(n)) - set(rows))
