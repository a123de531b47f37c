"""The process of a job: waits for its turn, runs the command, stops it when asked to, and leaves what became of it.

`python -m core.jobs.runner FOLDER LOCK`, started by `control.launch`, which hands on the lock of the job as an open
file. The command gets it too, and that of the turn: if this process is killed alone, the job still counts as running
and no other one starts beside it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.jobs.locks import hold
from core.jobs.progress import VARIABLE, tail
from core.jobs.records import ASKED, CANCELLED, LOG, OUTPUT, PROGRESS, RECORD, content, jobs
from core.system.files import PROJECT
from core.system.kept import now, write_json

TURN = ".turn.lock"  # beside the folders of the jobs: who holds it runs
POLL = 0.25  # seconds
PATIENCE = 10.0  # seconds that a command has to end before it is told more firmly
STOPPED = 130  # the status of a command that SIGINT has ended


def main(folder: Path, lock: int) -> None:
    """Carry out the job in `folder`; `lock` is the open file that says it lives."""
    signal.signal(signal.SIGINT, lambda *_: None)  # as SIG_IGN the command would inherit it, and could not be stopped
    turn = my_turn(folder)
    end(folder, STOPPED if turn is None else carried_out(folder, lock, turn))


def my_turn(folder: Path) -> int | None:
    """Wait until no other job runs and none waits longer: the lock of the turn; None if cancelled before."""
    while not cancelled(folder):
        turn = hold(folder.parent / TURN)
        if turn is not None:
            if not any(job.state == "waiting" and job.id < folder.name for job in jobs()):
                return turn
            os.close(turn)
        time.sleep(POLL)
    return None


def carried_out(folder: Path, lock: int, turn: int) -> int:
    """Run the command until it ends or is stopped; its status, negative for the signal that ended it."""
    asked = content(folder / ASKED)
    write_json(folder / RECORD, {"pid": os.getpid(), "started": now()})
    child = subprocess.Popen(
        [sys.executable, *asked["program"], *asked["command"]],
        cwd=PROJECT,
        env={**os.environ, VARIABLE: str(folder / PROGRESS)},
        stdin=subprocess.DEVNULL,
        pass_fds=(lock, turn),
    )
    while (status := ended(child, POLL)) is None:
        if cancelled(folder):
            return stopped(child, folder)
    return status


def stopped(child: subprocess.Popen, folder: Path) -> int:
    """End a command and its children, this process's group, as gently as they let us; the status."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # meant for the others
    for number in (signal.SIGINT, signal.SIGTERM):
        os.killpg(0, number)
        if (status := ended(child, PATIENCE)) is not None:
            return status
    end(folder, -signal.SIGKILL)  # before, because this one is for us too
    os.killpg(0, signal.SIGKILL)
    raise AssertionError("killed")


def ended(child: subprocess.Popen, seconds: float) -> int | None:
    """Wait at most so long for the end of a process: its status, None if it still runs."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def cancelled(folder: Path) -> bool:
    return (folder / CANCELLED).exists()


def end(folder: Path, status: int) -> None:
    """Leave what became of the command."""
    found = {**content(folder / RECORD), "ended": now(), "status": status}
    if status == 0:
        found |= {"state": "finished", "result": last_line(tail(folder / OUTPUT))}
    elif cancelled(folder) or status in (STOPPED, -signal.SIGINT):
        found |= {"state": "cancelled"}
    else:
        found |= {"state": "failed", "error": sentence(tail(folder / LOG), status)}
    write_json(folder / RECORD, found)


def sentence(said: str, status: int) -> str:
    """What to show of a command that failed: the error that it told of, else the signal, else its last line."""
    errors = [line for line in said.splitlines() if line.startswith("Error: ")]
    if errors:
        return errors[-1].removeprefix("Error: ")
    if status < 0:
        memory = ": perhaps the memory did not suffice" if status == -signal.SIGKILL else ""
        return f"The command was ended by signal {-status}, {signal.strsignal(-status)}{memory}."
    return last_line(said) or f"The command ended with status {status} and said nothing."


def last_line(text: str) -> str:
    """The last line that holds something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
