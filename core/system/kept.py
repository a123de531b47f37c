"""Results kept in files as JSON: computed once, written in one step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

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


def now() -> str:
    """The present time in UTC, ISO format, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def step(path: Path, compute: Callable[[], Any]) -> Any:
    """What an earlier run left at `path`, else computed and written there."""
    if not path.exists():
        write_json(path, compute())
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, content: Any, indent: int | None = None) -> None:
    """Write and rename; NaN is written as JSON's readers in Python know it."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf-8")
