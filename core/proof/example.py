"""A finished proof that comes with SAElect, this project's own: its results, without the rows of any run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.proof.results import Result
from core.proof.view import sources
from core.system.files import PROJECT
from core.system.kept import write_json
from core.system.shown import many

FILE = PROJECT / "assets" / "examples" / "proof.json"


@dataclass(frozen=True)
class Example:
    """What the runs of a proof share, as `store.shared` has it; how many samples it was about, and held out; what the
    picks consist of, as `core.proof.picks` has it."""

    config: dict[str, Any]
    n_samples: int
    n_held_out: int
    rows: tuple[Result, ...]
    picks: tuple[dict[str, Any], ...] = ()

    @property
    def told(self) -> str:
        """What it was about: 4,000 samples of 2 sources."""
        return f"{many(self.n_samples, 'sample')} of {many(len(sources(self.rows)), 'source')}"

    def mixture(self, by: str) -> dict[tuple[str, int], dict[str, float]]:
        """The shares of the picks by a label, as `core.proof.picks.mixture`; none where they are not known."""
        return {(row["method"], row["budget"]): row[by] for row in self.picks if by in row}


def write_example(results: Path, n_samples: int, path: Path = FILE) -> None:
    """Write an example from the file that `prove --out` writes."""
    found = json.loads(results.read_text(encoding="utf-8"))
    content = {"config": {**found["shared"], "store_key": ""}, "n_samples": n_samples}
    path.parent.mkdir(parents=True, exist_ok=True)
    picks = [{name: rounded(value) for name, value in row.items()} for row in found.get("picks", ())]
    write_json(path, {**content, "n_held_out": len(found["sources"]), "rows": found["results"], "picks": picks})


def rounded(value: Any) -> Any:
    """Shares to four places, which is more than a figure shows; all else as it is."""
    return {name: round(share, 4) for name, share in value.items()} if isinstance(value, dict) else value


def read_example(path: Path = FILE) -> Example:
    """The example that comes with SAElect."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Example(**{**found, "rows": tuple(result(row) for row in found["rows"]), "picks": tuple(found["picks"])})


def result(row: dict[str, Any]) -> Result:
    """A result; null stands for NaN."""
    known: dict[str, Any] = {name: float("nan") if value is None else value for name, value in row.items()}
    return Result(**known)
