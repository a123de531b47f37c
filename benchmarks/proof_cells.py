"""The runs of a proof whose picks are known, trained without its store.

    python -m benchmarks.proof dirty --store DIRTY.duckdb --out FILE.json --select-only    # once, with the store
    python -m benchmarks.proof_cells FILE.json --data dirty_pool.jsonl --model MODEL       # on any machine

FILE holds what the runs share and what each of them is to train on; DATA, the file that the store was made of, the
samples. Each run is written into FILE as soon as it is done. Several processes may fill one file, each of its own
--methods; one that is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.samples import read_samples
from core.lm.fine_tuning import TrainConfig
from core.proof.config import ProofConfig
from core.proof.grid import Cell
from core.proof.results import write_results
from core.proof.run import tuned_run
from core.proof.store import ProofStore, take_over
from core.schema import Sample
from core.settings import words
from core.system.files import claimed


def config_of(shared: dict[str, Any], model: str) -> ProofConfig:
    """The configuration that a file's runs share, with the model of this machine."""
    lists = {name: tuple(shared.get(name, ())) for name in ("pins", "bans", "tasks", "exact")}
    vetoes = {int(feature): how for feature, how in shared["vetoes"].items()}
    return ProofConfig(**shared | lists | {"vetoes": vetoes, "model": model, "train": TrainConfig(**shared["train"])})


def begun(path: Path, config: ProofConfig) -> ProofStore:
    """A database with what the file holds."""
    content, store = json.loads(path.read_text(encoding="utf-8")), ProofStore(config.path)
    shared = content["shared"] | {"model": config.model}
    store.begin(shared, np.array(content["held_out"], np.int64), np.array(content["sources"]))
    take_over(store, path)
    return store


def main(path: Path, samples: list[Sample], model: str, methods: list[str], budgets: list[int]) -> None:
    """Train what has no run yet, by seed, budget and method."""
    content = json.loads(path.read_text(encoding="utf-8"))
    config = config_of(content["shared"], model)
    store = begun(path, config)
    measured = [samples[row] for row in store.held_out()], store.sources()
    for choice in store.choices():
        cell = Cell(choice.method, choice.budget, choice.seed)
        if (methods and cell.method not in methods) or (budgets and cell.budget not in budgets):
            continue
        folder = config.path.with_suffix("") / cell.name
        with claimed(folder, wait=True):
            if not store.has(cell.method, cell.budget, cell.seed):
                own = [samples[row] for row in np.sort(choice.rows)]
                print(cell.method, cell.budget, cell.seed, flush=True)
                store.add(tuned_run(config, cell, choice.rows, own, *measured, folder, lambda *_: None))
            shutil.rmtree(folder, ignore_errors=True)
        write_results(store, path, content.get("picks", ()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True, help="as the file's runs have it")
    parser.add_argument("--methods", default="", help="separated by commas; default: all that were selected")
    parser.add_argument("--budgets", default="")
    asked = parser.parse_args()
    budgets = [int(budget) for budget in words(asked.budgets)]
    main(asked.file, list(read_samples(asked.data)), asked.model, list(words(asked.methods)), budgets)
