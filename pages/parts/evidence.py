"""What is to be seen in samples: the places that a finding consists of, masked where nobody is to read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.schema import Sample
from core.studies.health import Finding, Seen
from core.studies.health.finding import texts_of
from core.studies.health.places import Places, differing, hidden, in_turns, snippet
from pages.parts.text import harmless

BEGINNING = 160  # characters of a text in a list


@dataclass(frozen=True)
class Evidence:
    """seen: what a check saw in a sample, None in one that it did not find. masked: whether nobody is to read it.

    places: where the turns of a sample are marked. title: of the column of a list that shows it.
    """

    seen: Callable[[int], Seen | None]
    places: Callable[[Sample], list[Places]]
    masked: bool = False
    title: str = "response"

    def told(self, row: int) -> str:
        """What was seen in a few words; "" where there is nothing to say."""
        seen = self.seen(row)
        return seen.detail if seen else ""

    def shown(self, sample: Sample) -> Sample:
        """The sample as it may be read."""
        seen = self.seen(sample.row) if self.masked else None
        return hidden(sample, seen) if seen else sample

    def line(self, sample: Sample) -> tuple[str, str | list[str]]:
        """Its prompt's beginning; and what was seen between what is before and after it, else the response's."""
        shown, seen = self.shown(sample), self.seen(sample.row)
        found = snippet(texts_of(shown), seen) if seen else None
        answer = list(map(harmless, found)) if found else harmless(shown.response[:BEGINNING])
        return harmless(shown.prompt[:BEGINNING]), answer


def evidence_of(finding: Finding, masked: bool) -> Evidence:
    """What a check saw in each sample."""
    seen = dict(zip(finding.rows.tolist(), finding.seen, strict=True))
    spans = {row: one.spans for row, one in seen.items()}
    title = "found" if any(spans.values()) else "response"
    return Evidence(seen.get, lambda sample: in_turns(sample, spans.get(sample.row, ())), masked, title)


def compared_with(other: Callable[[Sample], Sample | None]) -> Evidence:
    """Where samples differ from others."""

    def places(sample: Sample) -> list[Places]:
        beside = other(sample)
        return differing(sample, beside) if beside else [[] for _ in sample.messages]

    return Evidence(lambda row: None, places)
