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


def shown_path(path: str | Path) -> str:
    """A path as a shell takes it: below the working folder relative to it (cache/KEY.duckdb), else absolute."""
    path = Path(path).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def without_folders(text: str) -> str:
    """A text with absolute paths cut down to the names of their files: what lies where is nobody else's concern."""
    return FOLDERS.sub("", text)
