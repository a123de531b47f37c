"""What is marked is what was found: spans and snippets against Python's own search, on random texts."""

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.session.matches import AFTER, BEFORE, matches, snippets, spans
from tests.strategies import quick

LETTERS = "abAB \n\\E.(*é😀\ue000\ue001\ud83d"
texts = st.text(LETTERS, max_size=40)


def oracle(text, wanted):
    """The places of a wanted text, none within another."""
    clean = re.sub("[\ue000\ue001\ud83d]", "\ufffd", text)
    return [found.span() for found in re.finditer(re.escape(wanted.replace("\ud83d", "\ufffd")), clean, re.IGNORECASE)]


@quick
@given(texts, st.text("abAB \n\\E.(*é😀", min_size=1, max_size=3))
def test_spans_are_the_places_of_the_text(text, wanted):
    assert spans(text, wanted) == oracle(text, wanted)


@quick
@given(st.lists(texts, min_size=1, max_size=5), st.text("abAB.(é", min_size=1, max_size=2))
def test_snippets_stand_around_the_first_place(some, wanted):
    held = pa.array([text.replace("\ud83d", "\ufffd") for text in some], pa.large_string())
    assert matches(held, wanted, False).to_pylist() == [bool(oracle(text, wanted)) for text in some]
    for text, (before, match, after) in zip(some, snippets(held, wanted), strict=True):
        places = oracle(text, wanted)
        if not places:
            assert (before, match, after) == ("", "", "")
            continue
        start, end = places[0]
        assert match.lower() == re.sub(r"\s+", " ", text[start:end]).lower()
        flat = re.sub(r"\s+", " ", re.sub("[\ue000\ue001\ud83d]", "\ufffd", text[start:]))
        assert flat.startswith(re.sub(r"\s+", " ", match + after.removesuffix("…")))


def test_a_snippet_of_a_long_text_is_short():
    ((before, match, after),) = snippets(pa.array(["x" * 500 + "Needle" + "y" * 500]), "needle")
    assert (before, match, after) == ("…" + "x" * BEFORE, "Needle", "y" * AFTER + "…")


def test_an_expression_marks_what_it_matches_and_nothing_empty():
    assert spans("ab12 c3", r"\d+", True) == [(2, 4), (6, 7)]
    assert spans("abc", "x*", True) == []
    assert spans("abc", "") == []
    with pytest.raises(SelectionError, match="is not a regular expression"):
        spans("abc", "(", True)
