"""Where things are kept, and how they are written safely."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.errors import DiskError
from core.system.disk import writing

PROJECT = Path(__file__).resolve().parents[2]


def cache_path(*parts: str) -> Path:
    """Where something lies in the cache folder: environment variable SAELECT_CACHE, else `cache/` of the project."""
    return Path(os.environ.get("SAELECT_CACHE") or PROJECT / "cache").joinpath(*parts)


def cache_dir(*parts: str) -> Path:
    """A folder of the cache, made if absent; raises DiskError if it cannot be made."""
    folder = cache_path(*parts)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def store_at(name: str | Path) -> Path:
    """Where a store lies that is named by its path, or, in the cache, by its key alone."""
    path = Path(name)
    named = path.suffix == ".duckdb" or path.name != str(name) or path.is_file()
    return path if named else cache_dir() / f"{name}.duckdb"


def with_home(path: str) -> str:
    """A path in which ~ stands for a home folder; without one, or of a user whom nobody knows, as it is."""
    try:
        return str(Path(path).expanduser()) if path.startswith("~") else path
    except RuntimeError:
        return path


def beside(path: Path) -> Path:
    """A path beside another that nobody else writes to: two tabs of one process may write the same file at once."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write to the yielded temporary file; it takes the place of `path` only if the block succeeds.

    Raises DiskError if the disk is full or read-only.
    """
    temporary = beside(path)
    with writing(path):
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Fill the yielded temporary folder; it becomes `path` only if the block succeeds.

    Raises OSError then if `path` holds something by now: nothing of it is overwritten.
    """
    temporary = beside(path)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if path.is_dir():
            path.rmdir()  # an empty one
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def claimed(folder: Path, wait: bool) -> FileLock:
    """`with claimed(…)` holds `folder`, made if absent, against other processes; whoever holds it may remove it.

    Entering raises filelock.Timeout if another one holds it, unless it is to `wait` for that one.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=-1 if wait else 0)


def sampled_digest(files: list[Path], blocks: int = 64, size: int = 1 << 16) -> str:
    """sha256 hex digest over names, sizes and evenly spaced blocks of large files: any training changes it."""
    digest = hashlib.sha256()
    for path in sorted(files):
        length = path.stat().st_size
        digest.update(f"{path.name}:{length};".encode())
        with path.open("rb") as handle:
            for i in range(blocks):
                handle.seek(max(0, length - size) * i // (blocks - 1))
                digest.update(handle.read(size))
    return digest.hexdigest()


def stamp(source: str) -> list[tuple[str, int, int]] | None:
    """Names, sizes and times of a file or of a folder's files: unchanged as long as they are. None for a hub id."""
    path = Path(source)
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
    return [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in files] or None


def require_space(folder: Path, n_bytes: int) -> None:
    """Raise DiskError unless `folder` has room for `n_bytes`."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DiskError(
            f"{folder} has {free / 1e9:.1f} GB free, {n_bytes / 1e9:.1f} GB are needed: free some space "
            "or set SAELECT_CACHE to a folder on a larger disk."
        )
