"""Text of the data as HTML that is pleasant to read: the structure that Markdown gives it is seen, code stands in
blocks, and what was searched for is marked. Everything is escaped: nothing in it becomes a link, a picture or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from pages.parts.text import escape

LONGEST = 20_000  # characters of a turn that are shown
BEFORE = 500  # of them before the first match, where that stands further down
STYLE = """
.sample{overflow-wrap:anywhere;line-height:1.5}
.sample .who{opacity:.75;font-size:.8rem;font-weight:600;margin:.8rem 0 .2rem}
.sample .turn{border-left:3px solid color-mix(in srgb,currentColor 25%,transparent);padding-left:.7rem}
.sample .line{white-space:pre-wrap;min-height:.6rem}
.sample .heading{font-weight:700;margin-top:.4rem}
.sample .quote{opacity:.8;font-style:italic}
.sample .table,.sample code{font-family:"Source Code Pro",monospace;font-size:.85em}
.sample pre{background:color-mix(in srgb,currentColor 8%,transparent);border-radius:6px;padding:.5rem .7rem;
  margin:.3rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.sample .line code{background:color-mix(in srgb,currentColor 8%,transparent);border-radius:4px;padding:0 .2rem}
.sample mark{background:#F0E442;color:#10151c;border-radius:3px}
"""
FENCE = re.compile(r"\s{0,3}(```|~~~)")
KINDS = (("heading", re.compile(r"\s{0,3}#{1,6}\s")), ("quote", re.compile(r"\s{0,3}>")),
         ("table", re.compile(r"\s*\|")))  # fmt: skip
INLINE = re.compile(r"`(?P<code>[^`\n]+)`|\*\*(?P<strong>[^*\n]+)\*\*")


def turn(text: str, spans: Sequence[tuple[int, int]] = ()) -> str:
    """A turn's text as HTML, with the characters of `spans` marked; of a long one the part around the first match."""
    marked = bytearray(len(text))
    for start, end in spans:
        marked[start:end] = b"\1" * (end - start)
    first = spans[0][0] - BEFORE if spans and spans[0][0] > LONGEST - BEFORE else 0
    shown = slice(first, first + LONGEST)
    return left_out(first, "before") + lines(text[shown], marked[shown]) + left_out(len(text) - shown.stop, "more")


def left_out(n: int, where: str) -> str:
    """That so many characters are not shown."""
    return f"<div class='who'>… {n:,} characters {where}</div>" if n > 0 else ""


def lines(text: str, marked: Sequence[int]) -> str:
    """Line by line; those between fences are one block of code."""
    parts: list[str] = []
    for code, group in groupby(fenced(text), key=lambda line: line[0]):
        if code:
            parts.append("<pre><code>" + "\n".join(shaded(text, marked, *at) for _, *at in group) + "</code></pre>")
        else:
            parts += [line_html(text, marked, *at) for _, *at in group]
    return "".join(parts)


def fenced(text: str) -> Iterator[tuple[bool, int, int]]:
    """(is code, start, end) of each line; a fence itself is no line."""
    start, fence = 0, ""
    for line in text.split("\n"):
        found = FENCE.match(line)
        if found and fence in ("", found[1]):
            fence = "" if fence else found[1]
        else:
            yield bool(fence), start, start + len(line)
        start += len(line) + 1


def line_html(text: str, marked: Sequence[int], start: int, end: int) -> str:
    """A line outside code; what looks like a heading, a quotation or a table is set as such."""
    line = text[start:end]
    kind = next((name for name, pattern in KINDS if pattern.match(line)), "")
    parts, at = [], start
    for found in INLINE.finditer(text, start, end):
        tag = str(found.lastgroup)
        inside = shaded(text, marked, *found.span(tag))
        parts += [shaded(text, marked, at, found.start()), f"<{tag}>{inside}</{tag}>"]
        at = found.end()
    return f"<div class='line {kind}'>{''.join(parts)}{shaded(text, marked, at, end)}</div>"


def shaded(text: str, marked: Sequence[int], start: int, end: int) -> str:
    """Escaped characters of a text, the marked ones in <mark>."""
    parts = []
    for on, run in groupby(range(start, end), key=marked.__getitem__):
        places = list(run)
        piece = escape(text[places[0] : places[-1] + 1])
        parts.append(f"<mark>{piece}</mark>" if on else piece)
    return "".join(parts)
