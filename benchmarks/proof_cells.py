"""The runs of a proof whose picks are known, trained without its store.

    python -m benchmarks.proof dirty --store DIRTY.duckdb --out FILE.json --select-only    # once, with the store
    python -m benchmarks.proof_cells FILE.json --data dirty_pool.jsonl --model MODEL       # on any machine

FILE holds what the runs share and what each of them is to train on; DATA, the file that the store was made of, the
samples. Each run is written into FILE as soon as it is done. Several processes may fill one file, each of its own
--methods; one that is stopped goes on where it was. Writing answers takes half the time of a run of 300 samples:
--writing-seeds says which seeds' models do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.samples import read_samples
from core.lm.fine_tuning import TrainConfig
from core.proof.config import ProofConfig
from core.proof.grid import Cell
from core.proof.results import write_results
from core.proof.run import fill, tuned_run
from core.proof.store import ProofStore, take_over
from core.schema import Sample
from core.settings import words


def config_of(shared: dict[str, Any], model: str) -> ProofConfig:
    """The configuration that a file's runs share, with the model of this machine."""
    lists = {name: tuple(shared.get(name, ())) for name in ("pins", "bans", "tasks", "exact")}
    vetoes = {int(feature): how for feature, how in shared["vetoes"].items()}
    return ProofConfig(**shared | lists | {"vetoes": vetoes, "model": model, "train": TrainConfig(**shared["train"])})


def main(
    path: Path, samples: list[Sample], model: str, methods: Sequence[str], budgets: Sequence[int],
    writing: Sequence[int] = (),
) -> None:  # fmt: skip
    """Train what has no run yet, by seed, budget and method; writing: the seeds whose models write, all where empty."""
    content = json.loads(path.read_text(encoding="utf-8"))
    config = config_of(content["shared"], model)
    store, held_out, sources = ProofStore(config.path), np.array(content["held_out"], np.int64), content["sources"]
    store.begin(content["shared"] | {"model": model}, held_out, np.array(sources))
    take_over(store, path)
    measured = [samples[row] for row in held_out], np.array(sources)
    for choice in store.choices():
        if (methods and choice.method not in methods) or (budgets and choice.budget not in budgets):
            continue
        cell, own = Cell(choice.method, choice.budget, choice.seed), [samples[row] for row in np.sort(choice.rows)]
        asked = config if not writing or choice.seed in writing else replace(config, exact=(), instructed=0)
        make = partial(tuned_run, asked, cell, choice.rows, own, *measured, told=silent)
        print(cell.method, cell.budget, cell.seed, flush=True)
        fill(store, config, cell, make, silent, wait=True)
        write_results(store, path, content.get("picks", ()))


def silent(stage: str, done: float, total: float) -> None:
    """What a run is told of its stages: nothing."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True, help="as the file's runs have it")
    parser.add_argument("--methods", default="", help="separated by commas; default: all that were selected")
    parser.add_argument("--budgets", default="")
    parser.add_argument("--writing-seeds", default="", help="separated by commas; default: all")
    asked = parser.parse_args()
    budgets, writing = ([int(number) for number in words(of)] for of in (asked.budgets, asked.writing_seeds))
    main(asked.file, list(read_samples(asked.data)), asked.model, list(words(asked.methods)), budgets, writing)
