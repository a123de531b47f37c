"""Results kept in files as JSON: computed once, written in one step."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DamagedError
from core.system.disk import set_aside
from core.system.files import replacing


def plain(value: Any) -> Any:
    """The value as JSON has it: arrays as lists, numpy's numbers as Python's, what is no finite number as None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def now(timespec: str = "seconds") -> str:
    """The present time in UTC, ISO format, to the second or another `timespec` of datetime."""
    return datetime.now(UTC).isoformat(timespec=timespec)


def step(path: Path, compute: Callable[[], Any]) -> Any:
    """What an earlier run left at `path`, else computed and written there."""
    if not path.exists():
        write_json(path, compute())
    return json.loads(path.read_text(encoding="utf-8"))


def loaded(path: Path) -> Any:
    """The content of a kept file; None if there is none, or it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_array(path: Path, array: np.ndarray) -> None:
    """Write and rename a .npy file; after its end, where numpy does not look, stands a checksum."""
    content = BytesIO()
    np.save(content, array)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getvalue() + checksum(content.getvalue()))


def read_array(path: Path, shape: tuple[int, ...], then: str) -> np.ndarray:
    """The float64 array of this shape that `write_array` left, or numpy alone: then without a checksum.

    Raises DamagedError if it was cut short or changed: the file is set aside then, and `then` says what to do.
    """
    content = BytesIO(path.read_bytes())
    try:
        array = np.load(content, allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError) as error:  # numpy evaluates the header
        raise damaged(path, then) from error
    body, end = content.getvalue()[: content.tell()], content.read()
    if array.shape != shape or array.dtype != np.float64 or end not in (b"", checksum(body)):
        raise damaged(path, then)
    return array


def checksum(content: bytes) -> bytes:
    """What stands after the end of a file of this content."""
    return b"\ncrc32 %08x\n" % zlib.crc32(content)


def damaged(path: Path, then: str) -> DamagedError:
    """Set a damaged file aside; the error that says so."""
    return DamagedError(f"{path.name} is damaged, cut short or changed: it is kept as {set_aside(path).name}, {then}.")


def write_json(path: Path, content: Any, indent: int | None = None) -> None:
    """Write and rename; NaN is written as JSON's readers in Python know it."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf-8")
