"""Start, cancel, resume and clear jobs, from any process: a page, the command line, a script."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.errors import JobError
from core.jobs.locks import hold
from core.jobs.records import (
    ASKED,
    CANCELLED,
    LIVING,
    LOCK,
    LOG,
    OUTPUT,
    PROGRESS,
    RECORD,
    Job,
    content,
    folder_of,
    job,
    read,
)
from core.system.disk import writing
from core.system.files import PROJECT, cache_dir, cache_path, new_folder
from core.system.kept import now, write_json

COMMANDS = ("-m", "core")
RUNNER = ("-m", "core.jobs.runner")
LEAVING = 10.0  # seconds that a runner may take to end once it has left its state


def start(arguments: Sequence[str], title: str, program: Sequence[str] = COMMANDS) -> Job:
    """Run `python -m core ARGUMENTS` in the project's folder as soon as no other job runs; it outlives its caller.

    program: what Python runs instead of this project's commands. Raises DiskError if the cache cannot be written.
    """
    id = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")  # in the order of time
    folder = cache_dir("jobs") / id
    asked = {"command": list(arguments), "title": title, "created": now("microseconds"), "program": list(program)}
    with writing(folder), new_folder(folder) as temporary:
        write_json(temporary / ASKED, asked)
        lock = held(temporary)
    launch(folder, lock)
    return read(folder)


def resume(id: str) -> Job:
    """Run the command of a failed, cancelled or interrupted job again: commands go on where they were.

    Raises JobError if there is none, if it lives, has finished or is damaged.
    """
    folder, before = folder_of(id), job(id)
    if before.state == "finished" or not before.created:
        raise JobError(before.error or f"Job {id} has finished: there is nothing to resume.")
    launch(folder, held(folder))
    return read(folder)


def cancel(id: str) -> Job:
    """Ask a waiting or running job to end; what it has done is kept. Raises JobError if there is none or it has ended.

    The command gets SIGINT, after 10 seconds SIGTERM, then SIGKILL; until it ends, its stage is "Stopping".
    """
    folder, before = folder_of(id), job(id)
    if before.state not in LIVING:
        raise JobError(f"Job {id} does not run: it is {before.state}.")
    with writing(folder):
        (folder / CANCELLED).touch()
    runner = content(folder / RECORD).get("pid")
    if runner and not exists(runner):  # killed alone: nobody else is left to tell the command
        os.killpg(runner, signal.SIGINT)
    return read(folder)


def clear(id: str) -> Path:
    """Move a job that has ended to the cache's trash/jobs; where it is then. Raises JobError if there is none or it
    lives."""
    folder = folder_of(id)
    lock = held(folder)
    try:
        with writing(folder):
            return folder.rename(cache_dir("trash", "jobs") / id)
    finally:
        os.close(lock)


def held(folder: Path) -> int:
    """The lock of a job that no process has; raises JobError. One that has left its state may take a while to go."""
    lock = None if read(folder).state in LIVING else hold(folder / LOCK, patience=LEAVING)
    if lock is None:
        raise JobError(f"Job {folder.name} has not ended: wait for it, or cancel it first.")
    return lock


def launch(folder: Path, lock: int) -> None:
    """Start the runner of a job in a session of its own, and hand it the lock."""
    environment = {**os.environ, "SAELECT_CACHE": str(cache_path().resolve())}
    command = [sys.executable, *RUNNER, str(folder.resolve()), str(lock)]
    try:
        with writing(folder), (folder / OUTPUT).open("wb") as output, (folder / LOG).open("wb") as log:
            for name in (RECORD, CANCELLED, PROGRESS):
                (folder / name).unlink(missing_ok=True)
            runner = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
    finally:
        os.close(lock)
    threading.Thread(target=runner.wait, daemon=True).start()  # else it stays a zombie when it has ended


def exists(process: int) -> bool:
    """Whether there is a process of this id."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
