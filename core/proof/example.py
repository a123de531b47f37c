"""Finished proofs that come with SAElect, this project's own: their results, without the rows of any run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.proof.config import LATER
from core.proof.results import Result
from core.proof.view import sources
from core.session.variants import method_of, parts_of
from core.system.files import PROJECT
from core.system.kept import write_json
from core.system.shown import many

FOLDER = PROJECT / "assets" / "examples"
POOLS = {"proof": "a pool of clean sources", "proof-dirty": "a skewed and dirty pool"}  # by the names of their files


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

    @property
    def labels(self) -> list[str]:
        """By what the picks are told apart besides their source."""
        known = {name for row in self.picks for name, value in row.items() if isinstance(value, dict)}
        return sorted(known - {"source"})

    def mixture(self, by: str) -> dict[tuple[str, int], dict[str, float]]:
        """The shares of the picks by a label, as `core.proof.picks.mixture`; none where they are not known."""
        return {(row["method"], row["budget"]): row[by] for row in self.picks if by in row}


def write_example(results: Path, n_samples: int, folder: Path = FOLDER) -> Path:
    """Write an example from the file that `prove --out` writes, under its name: the path."""
    found = json.loads(results.read_text(encoding="utf-8"))
    content = {"config": {**found["shared"], "store_key": ""}, "n_samples": n_samples}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / results.name
    picks = [{name: rounded(value) for name, value in row.items()} for row in found.get("picks", ())]
    write_json(path, {**content, "n_held_out": len(found["sources"]), "rows": found["results"], "picks": picks})
    return path


def rounded(value: Any) -> Any:
    """Shares to four places, which is more than a figure shows; all else as it is."""
    return {name: round(share, 4) for name, share in value.items()} if isinstance(value, dict) else value


@cache  # pages draw them on every rerun
def read_examples() -> dict[str, Example]:
    """The examples that come with SAElect, by the names of POOLS."""
    return {name: read_example(FOLDER / f"{name}.json") for name in POOLS}


def example_of(methods: Sequence[str]) -> str:
    """The name of the example that has the first of `methods`, or the next that any has; else of the first example."""
    has = {name: {row.method for row in example.rows} for name, example in read_examples().items()}
    return next((name for method in methods for name, own in has.items() if method in own), next(iter(POOLS)))


def read_example(path: Path) -> Example:
    """The example in a file."""
    found = json.loads(path.read_text(encoding="utf-8"))
    usual = found["config"].get("lens", LATER["lens"])
    names = full_names([row["method"] for row in (*found["rows"], *found["picks"])], usual)
    rows, picks = (tuple({**row, "method": names[row["method"]]} for row in found[part]) for part in ("rows", "picks"))
    return Example(**{**found, "rows": tuple(map(result, rows)), "picks": picks})


def full_names(methods: Sequence[str], usual: str) -> dict[str, str]:
    """What each of the methods is called: with the `usual` lens where the same one was also run through another."""
    both = {method_of(name) for name in methods if "lens" in dict(parts_of(name))}
    return {name: f"{name}:lens={usual}" if name in both else name for name in methods}


def result(row: dict[str, Any]) -> Result:
    """A result; null stands for NaN."""
    known: dict[str, Any] = {name: float("nan") if value is None else value for name, value in row.items()}
    return Result(**known)
