"""Words and their n-grams as numbers, against the definitions on lists."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.shingles import (
    BREAK,
    IDEOGRAPH,
    LETTER,
    jaccard,
    jaccards,
    kinds,
    longest_loop,
    ngrams,
    words,
)

KIND = kinds()
numbers = st.lists(st.integers(0, 3), max_size=14)


def codes(text):
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def as_words(values):
    return np.array(values, np.uint64)


@given(st.text("ab1 .-北京はкä", max_size=30))
def test_words_are_runs_of_letters_and_single_ideographs(text):
    found = [(match.start(), match.end()) for match in re.finditer(r"[ab1кä]+|[北京は]", text)]
    number, start, stop = words(codes(text), KIND)
    assert list(zip(start.tolist(), stop.tolist(), strict=True)) == found
    written = [text[a:b] for a, b in found]
    assert [[a == b for a in number.tolist()] for b in number.tolist()] == [[a == b for a in written] for b in written]


def test_kinds_of_characters():
    shown = {"a": LETTER, "é": LETTER, "7": LETTER, "ж": LETTER, "한": LETTER, " ": BREAK, "。": BREAK, "ि": LETTER}
    assert {letter: KIND[ord(letter)] for letter in shown} == shown
    assert [KIND[ord(letter)] for letter in "北กខばဗ"] == [IDEOGRAPH] * 5
    assert len(words(codes("𠀀𠀁"), KIND)[0]) == 2


@given(numbers, st.integers(1, 4))
def test_ngrams_are_equal_where_their_words_are(values, n):
    size = min(n, len(values))
    plain = [tuple(values[i : i + size]) for i in range(len(values) - size + 1)] if size else []
    found = ngrams(as_words(values), n).tolist()
    assert [[a == b for a in found] for b in found] == [[a == b for a in plain] for b in plain]


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_jaccard_is_the_share_of_what_either_has(one, other):
    expected = len(one & other) / len(one | other) if one | other else 0
    a, b = as_words(sorted(one)), as_words(sorted(other))
    assert jaccard(a, b) == expected
    ends = np.cumsum([0, len(a), len(b)])
    assert jaccards(ends, np.concatenate([a, b]), np.array([[0, 1]])).tolist() == [expected]


@given(st.lists(st.integers(0, 2), max_size=16), st.integers(2, 3), st.integers(2, 6))
def test_the_longest_loop_repeats_itself(values, times, least):
    best = 0
    for first in range(len(values)):
        for end in range(first + 1, len(values) + 1):
            part = values[first:end]
            if len(part) >= least and any(
                len(part) >= times * p and all(part[i] == part[i - p] for i in range(p, len(part))) for p in range(1, 5)
            ):
                best = max(best, len(part))
    first, end = longest_loop(as_words(values), 4, times, least)
    assert end - first == best
