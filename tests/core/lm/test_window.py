"""Which tokens are read: what always holds, on any segments."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.lm.window import strides, tokens_read, without_middle

segments = st.lists(st.sampled_from([-1, 0, 1, 2]), max_size=60).map(lambda s: np.array(s, np.int8))
windows = st.integers(2, 40)


def runs(places):
    """The stretches of places that follow each other."""
    return np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)


@given(segments, windows)
def test_what_is_read(segment, window):
    read, n = tokens_read(segment, window), len(segment)
    assert len(read) == min(n, window) and (np.diff(read) > 0).all()
    assert read.tolist() == list(range(n)) if n <= window else read[0] == 0
    assert (1 in segment) == (1 in segment[read])
    assert len(runs(read)) <= 2  # one gap at most


@given(st.integers(1, 60), st.integers(1, 60), windows)
def test_the_prompt_gives_way_first(prompt, answer, window):
    """A prompt and an answer: the answer is cut only when half of the window is left for the prompt."""
    read = tokens_read(np.repeat([0, 1], [prompt, answer]).astype(np.int8), window)
    asked, told = read[read < prompt], read[read >= prompt]
    assert told.tolist() == list(range(prompt, prompt + len(told)))  # from its first token on
    if len(told) < answer:
        assert len(asked) == min(prompt, window // 2)
    if len(asked) < prompt:
        assert len(asked) >= window // 2
        assert asked[0] == 0 and (len(asked) == 1 or asked[-1] == prompt - 1)


def test_an_example():
    prompt, header, answer = [0] * 20, [-1] * 2, [1] * 6
    segment = np.array([-1, *prompt, *header, *answer], np.int8)
    assert tokens_read(segment, 12).tolist() == [0, 1, 2, 20, 21, 22, 23, 24, 25, 26, 27, 28]
    assert tokens_read(segment[:23], 12).tolist() == list(range(12))  # no answer: the end goes


@given(st.integers(0, 50), st.integers(0, 50))
def test_without_the_middle(n, kept):
    left, whole = without_middle(n, kept).tolist(), list(range(n))
    head = (min(n, kept) + 1) // 2
    assert left == whole[:head] + whole[n - (min(n, kept) - head) :]


@given(st.integers(0, 200), windows)
def test_strides_count_each_token_once(n, window):
    found = strides(n, window)
    own = [token for _, stop, own in found for token in range(own, stop)]
    assert own == list(range(n)) and all(stop - start <= window for start, stop, _ in found)
    assert all(own - start == window // 2 for start, _, own in found[1:])
    assert len(found) == 1 or n > window
