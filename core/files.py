"""Where things are kept, how they are written safely, and whether the hub can be reached."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
from filelock import FileLock

from core.errors import SaelectError

PROJECT = Path(__file__).resolve().parents[1]


def cache_dir(*parts: str) -> Path:
    """The cache folder (environment variable SAELECT_CACHE, else `cache/` of the project), made if absent."""
    folder = Path(os.environ.get("SAELECT_CACHE") or PROJECT / "cache").joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write to the yielded temporary file; it takes the place of `path` only if the block succeeds."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def claimed(folder: Path, wait: bool) -> FileLock:
    """`with claimed(…)` holds `folder`, made if absent, against other processes; whoever holds it may remove it.

    Entering raises filelock.Timeout if another one holds it, unless it is to `wait` for that one.
    """
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
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.is_file()) if path.is_dir() else []
    return [(str(p.resolve()), p.stat().st_size, p.stat().st_mtime_ns) for p in files] or None


def require_space(folder: Path, n_bytes: int) -> None:
    """Raise SaelectError unless `folder` has room for `n_bytes`."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise SaelectError(
            f"{folder} has {free / 1e9:.1f} GB free, {n_bytes / 1e9:.1f} GB are needed: free some space "
            "or set SAELECT_CACHE to a folder on a larger disk."
        )


def hub_reachable(timeout: float = 1.5) -> bool:
    """Whether the Hugging Face hub answers; False at once when HF_HUB_OFFLINE is set."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "TRUE", "YES", "ON"):
        return False
    url = urlparse(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    try:
        socket.create_connection((url.hostname, url.port or 443), timeout=timeout).close()
    except OSError:
        return False
    return True


def plain(value: Any) -> Any:
    """The value as JSON has it: arrays as lists, numpy's numbers as Python's, what is no finite number as None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value
