"""Small databases that several processes write at once: the workspace and the labels."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import DamagedError, StoreError
from core.system.disk import set_aside, writing

WAIT = 30.0  # seconds for another process's transaction to end
DAMAGED = ("file is not a database", "malformed", "unsupported file format")


@contextmanager
def connection(path: Path, holds: str, table: str, begin: str = "") -> Iterator[sqlite3.Connection]:
    """A connection for one piece of work, of any thread; with `begin` a transaction, lost if the block raises.

    `holds` names the content in errors, `table` creates it where it is missing. Raises DiskError, StoreError, and
    DamagedError, once: the file is set aside then, so that the next connection begins an empty one.
    """
    try:
        with writing(path), closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as db:
            db.text_factory = lambda raw: raw.decode("utf-8", "replace")  # one damaged text does not hide the others
            db.execute(table)
            if begin:
                db.execute(f"BEGIN {begin}")
            yield db
            if begin:
                db.execute("COMMIT")
    except sqlite3.Error as error:
        if not any(words in str(error) for words in DAMAGED):
            raise StoreError(f"{holds} in {path} cannot be read or written: {error}.") from error
        kept = set_aside(path, "-wal", "-shm")
        raise DamagedError(
            f"{holds} in {path} cannot be read, the file is damaged: it is kept as {kept.name}, and "
            "the next ones begin a new file."
        ) from error
