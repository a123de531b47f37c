"""Folders of jobs as they lie in a cache, made without running anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.jobs.locks import hold
from core.jobs.progress import Progress
from core.jobs.records import ASKED, LOCK, LOG, OUTPUT, PROGRESS, RECORD
from core.system.files import cache_dir

ID, STARTED = "20260131-120000-00000{}", "2026-01-31T12:00:00+00:00"


def write_job(number: int, state: str, *command: str, log: str = "", title: str = "", **record: object) -> str:
    """A job in a state in which no process of it lives; its id. `record` are fields of Job."""
    folder = cache_dir("jobs", ID.format(number))
    asked = {"command": command or ("demo",), "title": title or f"Job {number}", "created": STARTED, "program": []}
    (folder / ASKED).write_text(json.dumps(asked))
    found = {"state": state, "started": STARTED, "ended": "2026-01-31T12:03:20+00:00", **record}
    (folder / RECORD).write_text(json.dumps({name: value for name, value in found.items() if value is not None}))
    (folder / LOG).write_text(log)
    (folder / OUTPUT).touch()
    return folder.name


@contextmanager
def living_job(number: int, reached: Progress, *command: str, **record: object) -> Iterator[str]:
    """A job that runs as long as the block, by the lock that this process holds; its id."""
    id = write_job(number, "running", *command, ended=None, **record)
    folder = Path(cache_dir("jobs", id))
    (folder / PROGRESS).write_text(json.dumps(vars(reached)) + "\n")
    lock = hold(folder / LOCK)
    assert lock is not None
    try:
        yield id
    finally:
        os.close(lock)
