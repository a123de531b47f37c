"""The files of candidates: one of those that were accepted, each marked as synthetic, and beside it one of the others.

They lie apart from the data, and a run that is begun again asks for nothing twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.system.disk import writing
from core.system.files import cache_path

ANSWER = 1000  # tokens of a candidate at most


def candidates_file(key: str, lens: str) -> Path:
    """Where the candidates for a store lie in the cache."""
    return cache_path("synthetic", f"{key}-{lens}.jsonl")


def rejected_file(path: Path) -> Path:
    """The file beside it, of those in which the feature did not fire."""
    return path.with_suffix(".rejected.jsonl")


def read_candidates(path: Path) -> list[dict[str, Any]]:
    """The records of a file, none where there is none; a line that a crash cut off is left out.

    Raises DataError for a file that holds other records.
    """
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    found = [record for line in lines if (record := parsed(line)) is not None]
    if any(record.get("synthetic") is not True or "feature" not in record for record in found):
        raise DataError(f"{path} holds other records than candidates: give another name.")
    return found


def parsed(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None if it is cut off."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a record, on a line of its own even where a crash cut off the last one; raises DiskError."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as out:
            out.seek(max(out.seek(0, 2) - 1, 0))
            cut = out.read(1) not in (b"", b"\n")
            out.write(b"\n" * cut + json.dumps(record).encode() + b"\n")
