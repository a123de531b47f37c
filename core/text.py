"""How numbers of things are said, in commands and on pages."""

from __future__ import annotations


def many(n: int, what: str, plural: str = "") -> str:
    """A number of things: 1 sample, 2,000 samples; `plural` where an s does not make it."""
    return f"{n:,} {what if n == 1 else plural or what + 's'}"
