"""Locks that a process hands on to the command that it starts: held as long as any of them lives, then free.

So whether a job lives is told by the system, not by a process id that may belong to another one by now. filelock
closes its lock in children, this one is for them too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from core.errors import JobError

PATIENCE, PAUSE = 0.05, 0.01  # seconds: who only looks at a lock has it for a moment


def hold(path: Path, patience: float = PATIENCE) -> int | None:
    """Lock a file, made if absent: the file descriptor that holds it, to be closed or passed on; None if others hold it
    for longer than `patience` seconds.

    Raises JobError on a system that has no such locks.
    """
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise JobError("Jobs need Linux or macOS: run the command itself, python -m core …") from error
    given_up = time.monotonic() + patience
    while time.monotonic() < given_up:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            time.sleep(PAUSE)
        else:
            return descriptor
    return None


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock on a file; those who look do not stand in each other's way."""
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
