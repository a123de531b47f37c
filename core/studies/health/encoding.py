"""Text that was read in the wrong encoding: Ã© for é."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.studies.health.finding import Seen, Span, Texts

LOST = "\ufffd"
# Two characters beyond ASCII in a row, or one of a few, some of them before a space or a hyphen: every one of ftfy's
# sequences has that, and the search is fast.
PAIR = re.compile("[^\x00-\x7f][^\x00-\x7f]|[\x80-\x9fŒœ]|[ÃÂØÙ] |[ВГРСΒΓΞΟ]-")


def broken_encoding(texts: Texts) -> Seen | None:
    """Sequences that hardly anything but a wrong encoding gives, by ftfy's rules, and characters that were lost."""
    spans = tuple(span for segment, text in enumerate(texts) if not text.isascii() for span in broken(segment, text))
    return Seen(spans) if spans else None


def broken(segment: int, text: str) -> Iterator[Span]:
    """The stretches of a text that are broken."""
    from ftfy.badness import BADNESS_RE

    if PAIR.search(text):
        yield from (Span(segment, *match.span()) for match in BADNESS_RE.finditer(text))
    if LOST in text:
        yield from (Span(segment, i, i + 1) for i, letter in enumerate(text) if letter == LOST)
