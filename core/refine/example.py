"""A finished run on the demo that comes with SAElect: its weights, rows and scores, no text of the data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.refine.runs import RefineRun, Round, config_from
from core.selection.clustering import KRow
from core.system.files import PROJECT
from core.system.kept import write_json

FILE = PROJECT / "assets" / "examples" / "refinement.json"
DIGITS = 6
ARRAYS = ("weight", "next_weight", "mean_gap", "gold", "generated")


@dataclass(frozen=True)
class Example:
    """A run, what each of its clusters is about, and what it covers beside other ways (see studies.refinement_rivals):
    title, method, covered, tokens."""

    run: RefineRun
    names: dict[int, tuple[str, ...]]
    rivals: tuple[dict[str, Any], ...]


def write_example(example: Example, path: Path = FILE) -> None:
    """Write an example without the model's answers, numbers to 6 digits."""
    run = example.run
    rounds = [{**vars(one), "rows": one.rows.tolist(), "answers": [], **arrays(one)} for one in run.rounds]
    content = {
        "config": asdict(replace(run.config, store_key="", model="")),
        "label": run.label.tolist(),
        "curve": [asdict(row) for row in run.curve],
        "created": run.created,
        "first_weight": run.first_weight.round(DIGITS).tolist(),
        "rounds": rounds,
        "names": {str(cluster): list(names) for cluster, names in example.names.items()},
        "rivals": list(example.rivals),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, content)


def arrays(one: Round) -> dict[str, list[float | None]]:
    """The scores and weights of a round; null stands for NaN."""
    values = {name: getattr(one, name) for name in ARRAYS}
    return {name: [round(v, DIGITS) if np.isfinite(v) else None for v in own.tolist()] for name, own in values.items()}


def read_example(path: Path = FILE) -> Example:
    """The example that comes with SAElect."""
    found = json.loads(path.read_text(encoding="utf-8"))
    run = RefineRun(
        config_from(found["config"]),
        np.array(found["label"], np.int32),
        tuple(KRow(**row) for row in found["curve"]),
        tuple(read_round(one) for one in found["rounds"]),
        found["created"],
        np.array(found["first_weight"], np.float64),
    )
    names = {int(cluster): tuple(own) for cluster, own in found["names"].items()}
    return Example(run, names, tuple(found["rivals"]))


def read_round(found: dict[str, Any]) -> Round:
    """A round, with an empty answer for each sample."""
    values = {name: np.array(found[name], np.float64) for name in ARRAYS}
    rows = np.array(found["rows"], np.int64)
    return Round(**{**found, **values, "rows": rows, "answers": ("",) * len(rows)})
