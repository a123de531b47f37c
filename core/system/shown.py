"""How paths and numbers of things are shown: the same on pages, in messages and in commands to copy."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

# A path from the root of a file system, up to its last part: after a space, a bracket or a quote.
FOLDERS = re.compile(r"""(?<![^\s("'`=,])(?:[A-Za-z]:)?[/\\](?:[^\s/\\]+[/\\])+""")


def many(n: int, what: str, plural: str = "") -> str:
    """A number of things: 1 sample, 2,000 samples; `plural` where an s does not make it."""
    return f"{n:,} {what if n == 1 else plural or what + 's'}"


def duration(seconds: float) -> str:
    """A time in its two largest units at most: 8 s, 3 min, 2 h 5 min, 1 day 4 h."""
    seconds = round(max(seconds, 0))
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return many(days, "day") + (f" {hours} h" if hours else "")


def size_told(n_bytes: float) -> str:
    """A size on disk or in memory: 0.3 MB, 61 MB, 1.4 GB."""
    if n_bytes < 1e9:
        return f"{n_bytes / 1e6:,.1f} MB" if n_bytes < 1e7 else f"{n_bytes / 1e6:,.0f} MB"
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes < 1e10 else f"{n_bytes / 1e9:,.0f} GB"


def shown_path(path: str | Path) -> str:
    """A path as a shell takes it: below the working folder relative to it (cache/KEY.duckdb), else absolute."""
    path = Path(path).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def without_folders(text: str) -> str:
    """A text with absolute paths cut down to the names of their files: what lies where is nobody else's concern."""
    return FOLDERS.sub("", text)
