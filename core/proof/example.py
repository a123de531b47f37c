"""A finished proof on the demo that comes with SAElect: its results, without the rows of any run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.proof.results import Result
from core.system.files import PROJECT
from core.system.kept import write_json

FILE = PROJECT / "assets" / "examples" / "proof.json"


@dataclass(frozen=True)
class Example:
    """What the runs of a proof share, as `store.shared` has it; how many samples it was about, and held out."""

    config: dict[str, Any]
    n_samples: int
    n_held_out: int
    rows: tuple[Result, ...]


def write_example(results: Path, n_samples: int, path: Path = FILE) -> None:
    """Write an example from the file that `prove --out` writes."""
    found = json.loads(results.read_text(encoding="utf-8"))
    content = {"config": {**found["shared"], "store_key": ""}, "n_samples": n_samples}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**content, "n_held_out": len(found["sources"]), "rows": found["results"]})


def read_example(path: Path = FILE) -> Example:
    """The example that comes with SAElect."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Example(**{**found, "rows": tuple(result(row) for row in found["rows"])})


def result(row: dict[str, Any]) -> Result:
    """A result; null stands for NaN."""
    known: dict[str, Any] = {name: float("nan") if value is None else value for name, value in row.items()}
    return Result(**known)
