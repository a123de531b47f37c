"""What is known of a job: read from its folder, and from whether a process of it still lives.

The folder `jobs/ID` of the cache: `job.json` says what was asked, once and for all; the runner leaves `state.json`; a
file `cancelled` asks it to stop; the command adds to `progress.jsonl`, and prints to `output.txt` and `log.txt`. Who
has the lock on `lock` lives.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import JobError
from core.jobs.locks import is_held
from core.jobs.progress import last_progress, tail
from core.system.files import cache_path

ASKED, RECORD, CANCELLED, PROGRESS = "job.json", "state.json", "cancelled", "progress.jsonl"
OUTPUT, LOG, LOCK = "output.txt", "log.txt", "lock"
LIVING = ("waiting", "running")
ENDED = ("finished", "failed", "cancelled", "interrupted")


@dataclass(frozen=True)
class Job:
    """A command of this project and how it stands; times are UTC in ISO format, empty as long as there is none.

    state: waiting for its turn, running, finished, failed, cancelled, or interrupted: its process is gone without a
    result, after a restart of the machine say. stage, done, total, rate, seconds_left: see Progress.
    result: the last line that it printed; error: the sentence that it ended with.
    """

    id: str
    title: str
    command: tuple[str, ...]  # the arguments of python -m core
    state: str
    created: str
    started: str = ""
    ended: str = ""
    result: str = ""
    error: str = ""
    stage: str = ""
    done: float = 0.0
    total: float | None = None
    rate: str = ""
    seconds_left: float | None = None


def jobs() -> list[Job]:
    """All jobs of the cache, the newest first; a damaged one is told as failed."""
    folders = (path for path in cache_path("jobs").glob("[!.]*") if path.is_dir())
    return [read(folder) for folder in sorted(folders, reverse=True)]


def job(id: str) -> Job:
    """One job; raises JobError if there is none of that id."""
    return read(folder_of(id))


def seconds_of(found: Job) -> float:
    """How long a job has run, or ran."""
    if not found.started:
        return 0.0
    until = datetime.fromisoformat(found.ended) if found.ended else datetime.now(UTC)
    return max((until - datetime.fromisoformat(found.started)).total_seconds(), 0.0)


def log(id: str) -> str:
    """What the command said and then what it printed, of each at most the last 64 KiB; raises JobError.

    Of a line that was written over again and again, as bars are, the last state is left.
    """
    folder = folder_of(id)
    return re.sub(r"[^\n]*\r(?!\n)", "", tail(folder / LOG) + tail(folder / OUTPUT))


def folder_of(id: str) -> Path:
    """Where a job lies; raises JobError if there is none of that id."""
    folder = cache_path("jobs", id)
    if not re.fullmatch(r"\w[\w-]*", id) or not folder.is_dir():
        raise JobError(f"There is no job {id!r}: python -m core jobs lists those there are.")
    return folder


def read(folder: Path) -> Job:
    """What is known of the job in a folder; of a damaged one not even when it was created."""
    lives = is_held(folder / LOCK)  # looked at first: what it left by its end is there then
    asked, record = content(folder / ASKED), content(folder / RECORD)
    try:
        command, title, created = tuple(map(str, asked["command"])), str(asked["title"]), str(asked["created"])
    except (KeyError, TypeError):
        told = f"{ASKED} of this job is damaged: clear the job and start it again."
        return Job(folder.name, folder.name, (), "failed", "", error=told)
    progress = asdict(last_progress(folder / PROGRESS))
    stopping = (folder / CANCELLED).exists()
    if lives and stopping:
        progress["stage"] = "Stopping"
    known: dict[str, Any] = {name: record[name] for name in ("started", "ended", "result", "error") if name in record}
    return Job(folder.name, title, command, state(record, lives, stopping), created, **known, **progress)


def state(record: dict[str, Any], lives: bool, stopping: bool) -> str:
    """The state of a job, of what its runner left and whether a process of it lives."""
    if record.get("state") in ENDED:
        return record["state"]
    if lives:
        return "running" if "started" in record else "waiting"
    return "cancelled" if stopping else "interrupted"


def content(path: Path) -> dict[str, Any]:
    """A file of JSON; nothing of one that is not there or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
