"""Jobs of small scripts, in a cache of their own; none outlives its test."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import JobError
from core.jobs import Job, cancel, job, jobs, start
from core.jobs.records import LIVING, RECORD, content, folder_of

# Says that it begins, waits until it may end, says so; an interruption is told and ends it with 130, as commands do.
SCRIPT = """
import sys, time, pathlib
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
def tell(what):
    with (folder / "told").open("a") as file:
        file.write(f"{what} {name}\\n")
try:
    tell("begin")
    while not (folder / "go").exists():
        time.sleep(0.02)
    tell("end")
    print("stores", folder / f"{name}.duckdb", "", sep="\\n")
except KeyboardInterrupt:
    tell("stop")
    sys.exit(130)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch):
    """The cache; what waits there afterwards is cancelled, what runs is killed."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    for left in jobs():
        if left.state in LIVING:
            with suppress(JobError, ProcessLookupError):
                cancel(left.id)
                if group := content(folder_of(left.id) / RECORD).get("pid"):
                    os.killpg(group, signal.SIGKILL)


@pytest.fixture
def begin(cache: Path, tmp_path: Path) -> Callable[[str], Job]:
    """Start the script as a job under a name."""
    return lambda name: start([name, str(tmp_path)], f"Job {name}", program=("-c", SCRIPT))


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[str]]:
    """What the scripts have told so far."""
    path = tmp_path / "told"
    return lambda: path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def go(tmp_path: Path) -> Callable[[], None]:
    """Let the scripts end."""
    return (tmp_path / "go").touch


@pytest.fixture
def wait() -> Callable[[Callable[[], object]], None]:
    """Wait until something is so."""

    def wait(condition: Callable[[], object]) -> None:
        given_up = time.monotonic() + 120  # only a test that hangs takes so long
        while not condition():
            assert time.monotonic() < given_up, jobs()
            time.sleep(0.03)

    return wait


@pytest.fixture
def until(wait) -> Callable[..., Job]:
    """The job when it is in one of the states."""

    def until(id: str, *states: str) -> Job:
        wait(lambda: job(id).state in states)
        return job(id)

    return until


@pytest.fixture
def runner() -> Callable[[str], int]:
    """The process id of the runner of a running job."""
    return lambda id: content(folder_of(id) / RECORD)["pid"]
