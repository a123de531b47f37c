"""Where spans of a sample's texts lie in its turns, what is shown of them, and where samples differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.schema import Message, Sample
from core.studies.health.finding import Seen, Span, texts_of
from core.studies.health.places import BETWEEN, differing, differing_words, hidden, in_turns, snippet

TURN = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text("ab c", max_size=8),
                 st.sampled_from([0, 1]))  # fmt: skip
SAMPLE = st.builds(lambda turns: Sample(0, tuple(turns), {}), st.lists(TURN, min_size=1, max_size=5))


def by_letter(sample: Sample, span: Span) -> set[tuple[int, int]]:
    """(turn, letter) of each letter of a span: the texts written out letter by letter."""
    turns, first = sample.messages, next((i for i, t in enumerate(sample.messages) if t.role == "assistant"), 99)
    of = (
        [i for i in range(len(turns)) if i < first],
        [i for i, t in enumerate(turns) if t.trained],
        [i for i, t in enumerate(turns) if i >= first and not t.trained],
    )[span.segment]
    letters = []
    for i in of:
        letters += [*((i, at) for at in range(len(turns[i].content))), *[None] * BETWEEN]
    return {letter for letter in letters[span.start : span.stop] if letter}


@given(SAMPLE, st.integers(0, 2), st.integers(0, 12), st.integers(1, 12))
def test_a_span_is_found_in_its_turns_letter_by_letter(sample, segment, start, length):
    text = texts_of(sample)[segment]
    span = Span(segment, min(start, len(text)), min(start + length, len(text)))
    places = in_turns(sample, [span])
    found = {(turn, at) for turn, own in enumerate(places) for a, b in own for at in range(a, b)}
    assert found == by_letter(sample, span)


def sample(*turns: tuple[str, str]) -> Sample:
    return Sample(3, tuple(Message(*turn) for turn in turns), {"secret": "anna@web.de"}, "web", {}, "a")


def test_what_was_seen_is_masked_in_every_turn_and_the_record_is_gone():
    one = sample(("user", "Write to anna@web.de"), ("assistant", "To anna@web.de?"), ("user", "anna@web.de!"))
    seen = Seen((Span(0, 9, 20), Span(1, 3, 14), Span(2, 0, 11)), "mail")
    masked = hidden(one, seen)
    assert [turn.content for turn in masked.messages] == ["Write to a•••@•••.••", "To a•••@•••.••?", "a•••@•••.••!"]
    assert masked.raw is None and (masked.row, masked.source, masked.id) == (3, "web", "a")
    assert snippet(texts_of(masked), seen) == ("Write to ", "a•••@•••.••", "")


def test_a_snippet_shows_the_first_place_on_one_line():
    texts = texts_of(sample(("user", "Q"), ("assistant", "x" * 40 + "\n\nhere\tis it " + "y" * 200)))
    before, match, after = snippet(texts, Seen((Span(1, 60, 70), Span(1, 42, 46))))
    assert (before, match) == ("…" + "x" * 28 + " ", "here") and len(after) == 120
    assert snippet(texts, Seen()) is None
    long = texts_of(sample(("user", "Q"), ("assistant", "First. " + "word " * 40 + "and then")))
    assert snippet(long, Seen((Span(1, 7, 215),)))[1].endswith("word and then")
    assert snippet(long, Seen((Span(1, 0, 215),)))[1].startswith("First. word")


def test_words_that_another_text_does_not_have_there():
    assert differing_words("the red fox ran", "the fox ran off") == [(4, 7)]
    assert differing_words("same, same", "same, same") == [] == differing_words("", "more")
    one = sample(("user", "Ask"), ("assistant", "A tall tree."), ("user", "More"))
    assert differing(one, sample(("user", "Ask"), ("assistant", "A tree."))) == [[], [(2, 6)], [(0, 4)]]
