"""Where a finding lies in the turns of a sample, what stands around it, and where two samples differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from core.schema import Message, Sample
from core.studies.health.finding import Seen, Span, Texts, texts_of
from core.studies.health.personal import masked, personal_data

BETWEEN = len("\n\n")  # characters between two turns of a text
BEFORE, MATCH, AFTER = 30, 80, 120  # characters of a snippet: before the place, of it, after it
END = 45  # of a place at the end of a text
WORD = re.compile(r"\w+|[^\w\s]")
MOST_WORDS = 2000  # of a turn that are compared

Places = list[tuple[int, int]]  # (start, end) in characters of a turn


def in_turns(sample: Sample, spans: Sequence[Span]) -> list[Places]:
    """Where the spans of a sample's texts lie in each of its turns; a span over several turns lies in each of them."""
    found: list[Places] = [[] for _ in sample.messages]
    for segment, turns in enumerate(turns_of(sample)):
        at = 0
        for turn in turns:
            end = at + len(sample.messages[turn].content)
            own = [span for span in spans if span.segment == segment and span.start < end and span.stop > at]
            found[turn] += [(max(span.start, at) - at, min(span.stop, end) - at) for span in own]
            at = end + BETWEEN
    return found


def turns_of(sample: Sample) -> tuple[list[int], list[int], list[int]]:
    """The turns that each of the texts of a sample consists of, by their places."""
    turns = list(enumerate(sample.messages))
    first = next((i for i, turn in turns if turn.role == "assistant"), len(turns))
    answers = [i for i, turn in turns if turn.trained]
    return list(range(first)), answers, [i for i, turn in turns[first:] if not turn.trained]


def hidden(sample: Sample, seen: Seen) -> Sample:
    """The sample with what was seen in its turns masked; its record is left out, as it holds the same in the open."""
    places = in_turns(sample, seen.spans)
    turns = (
        Message(turn.role, masked(turn.content, tuple(own)), turn.weight)
        for turn, own in zip(sample.messages, places, strict=True)
    )
    return Sample(sample.row, tuple(turns), None, sample.source, sample.scores, sample.id)


def covered_sample(sample: Sample) -> Sample:
    """The sample with its personal data masked, as `hidden` does it; the same where it has none."""
    seen = personal_data(texts_of(sample))
    return hidden(sample, seen) if seen else sample


def snippet(texts: Texts, seen: Seen) -> tuple[str, str, str] | None:
    """What stands before the first place that was seen, the place, and what comes after, on one line each; or None.

    Of a long place the beginning; of one at the end of a text that began before it the end, where it breaks off.
    """
    if not seen.spans:
        return None
    segment, start, stop = min(seen.spans)
    text = texts[segment]
    if start and stop - start > END and stop == len(text.rstrip()):
        return "…", re.sub(r"\s+", " ", text[stop - END : stop]), ""
    first = text[:start] if start <= BEFORE else "…" + text[start - BEFORE : start]
    parts = first, text[start : min(stop, start + MATCH)], text[stop : stop + AFTER]
    before, match, after = (re.sub(r"\s+", " ", part) for part in parts)
    return before, match, after


def differing(sample: Sample, other: Sample) -> list[Places]:
    """Where the turns of a sample hold words that the same turn of another one does not have at that place."""
    others = [turn.content for turn in other.messages] + [""] * len(sample.messages)
    return [differing_words(turn.content, beside) for turn, beside in zip(sample.messages, others, strict=False)]


def differing_words(text: str, other: str) -> Places:
    """The stretches of words of a text that another one does not have there, of the first MOST_WORDS of each."""
    own = [match.span() for match, _ in zip(WORD.finditer(text), range(MOST_WORDS), strict=False)]
    words, theirs = [text[a:b] for a, b in own], WORD.findall(other)[:MOST_WORDS]
    steps = SequenceMatcher(None, words, theirs).get_opcodes()
    return [(own[i][0], own[j - 1][1]) for kind, i, j, *_ in steps if kind in ("replace", "delete")]
