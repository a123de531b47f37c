"""Of what kind each token feature is, by rules over the tokens at its strongest peaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from core.features.function_words import FUNCTION_WORDS
from core.features.peak_words import in_code, is_letter, word_at
from core.schema import KINDS, MEANING
from core.store.peaks import Peak, strongest_peaks
from core.store.reader import FeatureStore
from core.system.shown import many

TEMPLATE, LAYOUT, DIGITS, FUNCTION, PIECE, CODE, CONTENT, CONTEXTUAL = KINDS
EDGE, SHORTEST = 2, 9  # tokens at each end of a segment; how long it must be for the rest to outnumber those
MOST, MOSTLY_CODE = 0.5, 0.6  # shares of a feature's peaks


@dataclass(frozen=True)
class Shown:
    """What the rules look at in one peak: its token, the word that this is part of in small letters ("" for none),
    whether it lies among the first or last tokens of its segment, whether it stands in code."""

    token: str
    word: str
    edge: bool
    code: bool


# --- from a store


def kinds_of(db: Any) -> dict[int, str]:
    """The kind of each feature that is ever active, by its ten strongest peaks.

    `db`: the DuckDB connection of a store, a writer's or a reader's, whose contexts are derived; of any version.
    """
    shown: dict[int, list[Shown]] = {}
    for peak in strongest_peaks(db):
        shown.setdefault(peak.feature, []).append(shown_by(peak))
    return {feature: kind_of(peaks) for feature, peaks in sorted(shown.items())}


def known_kinds(store: FeatureStore) -> dict[int, str]:
    """The kinds as the store has them, or by the rules where it has none."""
    return store.kinds() or kinds_of(store.cursor())


def shown_by(peak: Peak) -> Shown:
    """What a peak shows."""
    around = peak.before, peak.token, peak.after
    edge = peak.length >= SHORTEST and (peak.place < EDGE or peak.place >= peak.length - EDGE)
    return Shown(peak.token, word_at(*around), edge, in_code(*around, peak.fenced))


def meaning_first(features: Iterable[int], kinds: Mapping[int, str]) -> tuple[list[int], list[int]]:
    """Those that stand for something one would curate by, and the rest: wording and format; each in the given order.

    Where no kinds are known, all of them come first.
    """
    features = [int(f) for f in features]
    first = [f for f in features if not kinds or kinds.get(f) in MEANING]
    return first, [f for f in features if kinds and kinds.get(f) not in MEANING]


def kinds_among(features: Iterable[int], kinds: Mapping[int, str]) -> dict[str, int]:
    """How many of the features stand for content, and how many are of each kind, those that mean something first;
    nothing where no kinds are known.
    """
    if not kinds:
        return {}
    times = Counter(kinds.get(int(f), "") for f in features)
    return {"content": sum(times[kind] for kind in MEANING)} | {kind: times[kind] for kind in KINDS[::-1]}


def rest_told(rest: Sequence[int]) -> str:
    """How many features a page folds: and 240 features of wording and format."""
    return f"and {many(len(rest), 'feature')} of wording and format"


# --- the rules


def kind_of(peaks: Sequence[Shown]) -> str:
    """One of KINDS, the first that holds of a feature's peaks:

    position or template: half of them are among the first or last tokens of a segment, unless half are one word.
    digits: most tokens are numbers. code: most stand in code, 60 % if they are not marks. punctuation and layout: most
    have neither letter nor digit. function word: most are. content word: half are forms of one word, or pieces of it.
    sub-word piece: most are pieces of words, and of several. contextual: the others, whose peaks are many words.
    """
    half, family = MOST * len(peaks), largest_family([p.word for p in peaks if p.word and not is_function(p)])
    marks, code = sum(is_mark(p) for p in peaks), sum(p.code for p in peaks)
    if sum(p.edge for p in peaks) >= half > family:
        return TEMPLATE
    if sum(p.token.strip().isdigit() for p in peaks) > half:
        return DIGITS
    if code > MOSTLY_CODE * len(peaks) or min(code, marks) > half:
        return CODE
    if marks > half:
        return LAYOUT
    if sum(is_function(p) for p in peaks) > half:
        return FUNCTION
    if family >= half:
        return CONTENT
    return PIECE if sum(is_piece(p) for p in peaks) > half else CONTEXTUAL


def is_mark(peak: Shown) -> bool:
    """Blanks or marks without letter or digit; "" is a part of a character, which may be one."""
    return peak.token != "" and not any(map(str.isalnum, peak.token))


def is_function(peak: Shown) -> bool:
    """A function word, the whole of it, or an ending such as 's and 'll."""
    text = peak.token.strip().casefold()
    return (text == peak.word and text in FUNCTION_WORDS) or (text[:1] in ("'", "’") and 1 < len(text) <= 3)


def is_piece(peak: Shown) -> bool:
    """A part of a word, or of a character."""
    return peak.token == "" or (peak.word != "" and sum(map(is_letter, peak.token)) < len(peak.word))


def largest_family(words: Sequence[str]) -> int:
    """The most words that are forms of one of them."""
    times = Counter(words)
    return max((sum(n for other, n in times.items() if related(word, other)) for word in times), default=0)


def related(one: str, two: str) -> bool:
    """Whether two words are forms of one: they begin alike, with three letters and 55 % of the longer at least."""
    alike = sum(takewhile(bool, map(str.__eq__, one, two)))
    return one == two or alike >= max(3, 0.55 * max(len(one), len(two)))
