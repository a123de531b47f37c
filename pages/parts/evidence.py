"""What is to be seen in samples: the places that a finding consists of, masked where nobody is to read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.schema import Sample
from core.session.findings import findings
from core.session.session import Session
from core.store.turns import START
from core.studies.health import Finding, Seen
from core.studies.health.finding import texts_of
from core.studies.health.personal import covered, covered_pieces
from core.studies.health.places import Places, covered_sample, differing, in_turns, snippet
from pages.parts.text import harmless

PERSONAL = "personal-data"


def check_title(name: str) -> str:
    """What a check is called on pages."""
    return name.replace("-", " ").capitalize()


@dataclass(frozen=True)
class Evidence:
    """seen: what a check saw in a sample, None in one that it did not find. masked: whether nobody may ask to read it.

    places: where the turns of a sample are marked. title: of the column of a list that shows it.
    """

    seen: Callable[[int], Seen | None]
    places: Callable[[Sample], list[Places]]
    masked: bool = False
    title: str = "response"

    def told(self, row: int) -> str:
        """What was seen in a few words; "" where there is nothing to say."""
        seen = self.seen(row)
        return f"{seen.detail[:1].upper()}{seen.detail[1:]}." if seen and seen.detail else ""

    def line(self, sample: Sample) -> tuple[str, str | list[str]]:
        """Its prompt's beginning; and what was seen between what is before and after it, else the response's. Personal
        data is masked.
        """
        shown, seen = covered_sample(sample) if self.masked else sample, self.seen(sample.row)
        found = snippet(texts_of(shown), seen) if seen else None
        answer = list(map(harmless, covered_pieces(found))) if found else harmless(covered(shown.response[:START]))
        return harmless(covered(shown.prompt[:START])), answer


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


def masked_previews(session: Session, rows: np.ndarray) -> list[tuple[str, str]]:
    """The beginnings of prompts and responses of rows int (K,), personal data masked: where the check found some, also
    what the end of a beginning cuts.
    """
    known = set(findings(session).get(PERSONAL, np.zeros(0, np.int64)).tolist())
    store, shown = session.store, {}
    for sample in store.samples(known.intersection(rows.tolist())):
        masked = covered_sample(sample)
        shown[sample.row] = masked.prompt[:START], masked.response[:START]
    begun = ((covered(prompt), covered(response)) for prompt, response in store.previews(rows))
    return [shown.get(row, text) for row, text in zip(rows.tolist(), begun, strict=True)]
