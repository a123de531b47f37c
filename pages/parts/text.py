"""Text from data sets is hostile: it reaches the browser only through these."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from core.lm.chat import SURROGATE
from pages.parts.figures import ACCENT

# control characters, and those that turn the direction of text
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]")
LINKED = re.compile(r"(https?:|www(?=\.)|@)", re.IGNORECASE)  # what Markdown makes a link of without being asked


def cut(text: str, n: int) -> str:
    """At most `n` characters of a text, the last an ellipsis where some are left out. Cut first, then escape."""
    return text if len(text) <= n else text[: n - 1] + "…"


def whole(text: str) -> str:
    """Text whose half characters (lone surrogates), which neither Arrow nor the browser takes, became U+FFFD."""
    return SURROGATE.sub("\ufffd", text)


def harmless(text: str) -> str:
    """Text without control characters and those that turn its direction, for what is set as text and not as HTML."""
    return UNSEEN.sub("", whole(text))


def escape(text: str) -> str:
    """Text as HTML, harmless in a page and in a Plotly hover box."""
    return html.escape(harmless(text)).replace("&quot;", "&#34;")  # Plotly knows the number only


def plain(error: object) -> str:
    """An error's text for a Markdown box, with every mark of Markdown and HTML escaped, and addresses no links.

    A bare address becomes a link whatever is escaped in it, unless a word joiner, which is not seen, parts it.
    """
    marks = "\\`*_{}[]()#+-.!|<>~$:"
    text = LINKED.sub("\\1\u2060", whole(str(error)))
    return "".join("\\" + c if c in marks else c for c in text)


def tokens_html(
    pieces: Sequence[str],
    values: Sequence[float],
    peak: int | None = None,
    colour: str = ACCENT,
    top: float | None = None,
) -> str:
    """Tokens shaded by value / top (default: the largest of the values); the peak is underlined."""
    top = top or max((float(v) for v in values), default=0.0) or 1.0
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    spans = []
    for i, (piece, value) in enumerate(zip(pieces, values, strict=True)):
        style = f"background:rgba({red},{green},{blue},{0.75 * max(float(value), 0) / top:.2f})" if value > 0 else ""
        style += ";border-bottom:2px solid currentColor" if i == peak else ""
        hover = f" title='{value:.3g}'" if value > 0 else ""
        text = escape(piece).replace("\n", "⏎<br>")
        spans.append(f"<span style='{style};border-radius:3px'{hover}>{text}</span>")
    return "<span style='white-space:pre-wrap;overflow-wrap:anywhere'>" + "".join(spans) + "</span>"
