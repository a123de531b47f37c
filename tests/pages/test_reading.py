"""A sample's tokens as HTML: all of them, or of a very long segment a part around what is strongest."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts import reading
from pages.parts.reading import MOST, Mark, html, part_of


@given(st.integers(1, 3 * MOST), st.data())
def test_a_part_has_what_is_wanted_and_as_many_as_there_may_be(n, data):
    at = range(100, 100 + n)
    wanted = data.draw(st.sampled_from([at[0], at[-1], at[n // 2]]))
    drawn = at[part_of(at, wanted)]
    assert wanted in drawn and len(drawn) <= MOST
    assert (drawn[0] == at[0]) if wanted - at[0] < MOST else len(drawn) == min(MOST, n - (drawn[0] - at[0]))


@pytest.mark.parametrize("strongest", [3, 70, 99])
def test_what_is_not_drawn_of_a_long_segment_is_counted(monkeypatch, strongest):
    monkeypatch.setattr(reading, "MOST", 16)
    pieces = [f"<{i}>" for i in range(100)]
    made = html(pieces, [0] * 5 + [1] * 95, [Mark(7, "seven", {strongest: 2.0})])
    drawn = [int(i) for i in re.findall(r"&lt;(\d+)&gt;", made)]
    assert drawn[:5] == [0, 1, 2, 3, 4] and (strongest in drawn) and len(drawn) <= 21
    told = [int(n) for n in re.findall(r"… (\d+) tokens (?:before|more)", made)]
    assert sum(told) + len(drawn) == 100 and "Response · 95 tokens" in made
