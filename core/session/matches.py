"""Where a text is found in others: which have it, at which characters, and what stands around the first place.

All by RE2, through Arrow, in time linear in the text; so what is marked is what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import SelectionError
from core.lm.chat import SURROGATE

START, END = "\ue000", "\ue001"  # set around a match; of Unicode's private area, so that texts hardly hold them
BEFORE, AFTER = 30, 120  # characters of a snippet around the match


def matches(texts: pa.Array, wanted: str, regex: bool) -> pa.BooleanArray:
    """Which texts hold `wanted`, whatever the case: bool (N,); SelectionError for an expression RE2 does not know."""
    return _searched(pc.match_substring_regex, texts, wanted, regex)


def spans(text: str, wanted: str, regex: bool = False) -> list[tuple[int, int]]:
    """(start, end) in characters of every match of `wanted` in a text, in order; raises as `matches`."""
    if not wanted:
        return []
    marked = _marked(pa.array([_cleaned(text)], pa.large_string()), wanted, regex)[0].as_py()
    found, at, start = [], 0, 0
    for piece in re.split(f"([{START}{END}])", marked):
        if piece == START:
            start = at
        elif piece == END:
            found += [(start, at)] if at > start else []
        else:
            at += len(piece)
    return found


def snippets(texts: pa.Array, wanted: str, regex: bool = False) -> list[tuple[str, str, str]]:
    """Of each text its first match between what stands before and after it, on one line each; raises as `matches`.

    Three empty strings where a text does not hold `wanted`.
    """
    cleaned = pa.array((_cleaned(text) for text in texts.to_pylist()), pa.large_string())
    return [_snippet(text) for text in _marked(cleaned, wanted, regex, max_replacements=1).to_pylist()]


def _snippet(marked: str) -> tuple[str, str, str]:
    before, found, rest = marked.partition(START)
    if not found:
        return "", "", ""
    match, _, after = rest.partition(END)
    first = before if len(before) <= BEFORE else "…" + before[-BEFORE:]
    last = after if len(after) <= AFTER else after[:AFTER] + "…"
    first, match, last = (re.sub(r"\s+", " ", part) for part in (first, match[:AFTER], last))
    return first, match, last


def _cleaned(text: str) -> str:
    """Without our own marks and half characters, each of which becomes one other character."""
    return SURROGATE.sub("\ufffd", text).replace(START, "\ufffd").replace(END, "\ufffd")


def _marked(texts: pa.Array, wanted: str, regex: bool, **options: int) -> pa.Array:
    def mark(texts: pa.Array, pattern: str) -> pa.Array:
        return pc.replace_substring_regex(texts, pattern, f"{START}\\0{END}", **options)

    return _searched(mark, texts, wanted, regex)


def _searched(search: Callable[[pa.Array, str], pa.Array], texts: pa.Array, wanted: str, regex: bool) -> pa.Array:
    wanted = SURROGATE.sub("\ufffd", wanted)
    try:
        return search(texts, f"(?i){wanted if regex else re.escape(wanted)}")
    except pa.ArrowInvalid as error:
        reason = str(error).split(": ", 1)[-1]
        raise SelectionError(f"{wanted!r} is not a regular expression (RE2): {reason}.") from None
