"""How far a command is, for who does not see its terminal: lines of JSON in a file, of which the last one counts."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "SAELECT_PROGRESS"  # names the file; without it no command writes any
PERIOD = 0.4  # seconds between two lines of a stage
TAIL = 1 << 16  # bytes


@dataclass(frozen=True)
class Progress:
    """How far the stage that a command is at has come: `done` of `total` steps, None where nobody knows how many."""

    stage: str = ""
    done: float = 0.0
    total: float | None = None
    rate: str = ""  # as the bar shows it: 1,200 tokens/s
    seconds_left: float | None = None


def write_progress(progress: Progress) -> None:
    """Add a line to the file that SAELECT_PROGRESS names; work does not stop for one that cannot be written."""
    with suppress(OSError), Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(progress)) + "\n")


def last_progress(path: Path) -> Progress:
    """The last line that is whole; nothing yet if there is none."""
    for line in reversed(tail(path).splitlines()):
        with suppress(ValueError, TypeError):
            return Progress(**json.loads(line))
    return Progress()


def tail(path: Path) -> str:
    """The end of a text file, at most 64 KiB; nothing of one that is not there."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            return file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
