"""When a disk does not do: it is full or read-only, or a file on it is damaged. Each becomes one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import DiskError, SaelectError

ROOM = "free some space"
ELSEWHERE = "use another folder (for the cache: SAELECT_CACHE)"
REASONS = {
    errno.ENOSPC: f"cannot be written, the disk is full: {ROOM}",
    errno.EDQUOT: f"cannot be written, your share of the disk is used up: {ROOM}",
    errno.EFBIG: f"cannot be written, no file may be so large here: {ELSEWHERE}",
    errno.EROFS: f"cannot be written, the disk is read-only: {ELSEWHERE}",
    errno.EACCES: f"cannot be opened or written, permission is denied: {ELSEWHERE}",
    errno.EPERM: f"cannot be opened or written, permission is denied: {ELSEWHERE}",
}
SQLITE = {"database or disk is full": errno.ENOSPC, "attempt to write a readonly database": errno.EROFS}


def unwritable(path: str | Path | None, error: BaseException, then: str = "try again") -> DiskError | None:
    """The error to show for a disk that is full, read-only or not ours, None for any other.

    path: what was written, None if only the error may know; then: what to do once there is room.
    Libraries tell of it in exceptions of their own (DuckDB, SQLite, safetensors, PyTorch): the system's words are in
    their text.
    """
    code = error.errno if isinstance(error, OSError) else None
    if code not in REASONS:
        words = {os.strerror(code): code for code in REASONS} | SQLITE
        code = next((code for text, code in words.items() if text in str(error)), None)
    if code is None:
        return None
    return DiskError(f"{path or getattr(error, 'filename', None) or 'A file'} {REASONS[code]} and {then}.")


@contextmanager
def writing(path: str | Path | None = None, then: str = "try again") -> Iterator[None]:
    """A disk that does not do becomes a DiskError that names `path`; other errors go through as they are."""
    try:
        yield
    except SaelectError:
        raise
    except Exception as error:
        told = unwritable(path, error, then)
        if told is None:
            raise
        raise told from error


def set_aside(path: Path, *tails: str) -> Path:
    """Give a damaged file, and those whose names have one of `tails` after its own, a name that nobody reads.

    The new name is `NAME.damaged`, with a number if that is taken: nothing is deleted. Raises DiskError.
    """
    kept, n = path.with_name(f"{path.name}.damaged"), 1
    while kept.exists():
        n += 1
        kept = path.with_name(f"{path.name}.damaged{n}")
    with writing(path):
        for tail in (*tails, ""):  # the file itself last: until then the next one finds it damaged again
            part = path.with_name(path.name + tail)
            if part.exists():
                part.rename(kept.with_name(kept.name + tail))
    return kept
