"""Does refinement filter bad samples out? python -m benchmarks.filtered STORE [--run 3 --model MODEL]

arXiv 2409.11378 says that its weights come to leave out clusters of low quality. Here it is known which samples are
spoiled: for each finished run of refinement on a store, the share of the weight that the quarter of its clusters which
are richest in spoiled samples has, before the first round and after each; over the runs, how much it changes, with a
95 % interval (t). Beside it the same for the share of spoiled samples among those drawn in each round. --run first
carries out that many runs, of seeds 0, 1, …, among what the proof of --like does not hold out; they are resumable.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import ttest_1samp

from benchmarks.proof_cells import config_of
from core.proof.grid import Cell
from core.proof.run import refinement, task
from core.refine.rounds import refine
from core.refine.runs import RefineRun, runs_of
from core.refine.view import weights_over_rounds
from core.session.session import Session, open_session
from core.system.files import store_at

BUDGET, CLUSTERS = 300, 32  # so few that three are drawn of each in a round


def richest(label: np.ndarray, spoiled: np.ndarray, n: int) -> np.ndarray:
    """The clusters, int64 ascending, that are the quarter of all `n` with the largest share of `spoiled` bool (N,), at
    least one; of equal ones the first. label int32 (N,)."""
    size, bad = (np.bincount(label, weights=weight, minlength=n) for weight in (None, spoiled))
    return np.sort(np.argsort(-bad / np.maximum(size, 1), kind="stable")[: max(1, n // 4)])


def weight_of_richest(run: RefineRun, spoiled: np.ndarray) -> np.ndarray:
    """The share of the weight that a run's richest clusters have at first and after each round: float64 (T + 1,)."""
    weight = weights_over_rounds(run)
    return weight[:, richest(run.label, spoiled, weight.shape[1])].sum(1) / weight.sum(1)


def change(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean of differences and its 95 % interval; NaN with one of them."""
    found = np.asarray(values, np.float64)
    if len(found) < 2:
        return float(found.mean()), float("nan"), float("nan")
    low, high = ttest_1samp(found, 0).confidence_interval()
    return float(found.mean()), float(low), float(high)


def carry_out(session: Session, like: Path, model: str, seeds: int) -> None:
    """Refine with each of the seeds as a proof would, but with CLUSTERS and no score column."""
    content = json.loads(like.read_text(encoding="utf-8"))
    config, held_out = config_of(content["shared"] | {"score": ""}, model), tuple(sorted(content["held_out"]))
    for seed in range(seeds):
        asked = refinement(config, task(config, Cell("kmq-iterative", BUDGET, seed), held_out))
        refine(replace(asked, store_key=session.store.key, k=CLUSTERS), session.store, session.info)


def main() -> None:
    """Print a row a run, and the change over all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("--by", default="spoiled", help="The column that says it.")
    parser.add_argument("--good", default="clean", help="What it says of a sample that is not spoiled.")
    parser.add_argument("--run", type=int, default=0, help="How many runs to carry out first.")
    parser.add_argument("--like", type=Path, default=Path("docs/proof-dirty.json"), help="A proof of the same samples.")
    parser.add_argument("--model", default="", help="Default: the store's own.")
    asked = parser.parse_args()
    session = open_session(store_at(asked.store))
    carry_out(session, asked.like, asked.model, asked.run)
    spoiled = session.labels(asked.by) != asked.good
    runs = [run for run in runs_of(session.store.key) if run.finished]
    if not runs:
        raise SystemExit(f"{session.store.path.name} has no finished run of refinement.")
    weights = [weight_of_richest(run, spoiled) for run in runs]
    drawn = [np.array([spoiled[one.rows].mean() for one in run.rounds]) for run in runs]
    print("run | budget | seed | weight of the richest quarter | spoiled among those drawn")
    for run, *shares in zip(runs, weights, drawn, strict=True):
        told = [" → ".join(f"{share:.1%}" for share in own) for own in shares]
        print(" | ".join([run.config.folder.name, f"{run.config.budget:,}", f"{run.config.seed}", *told]))
    print(f"Change from first to last over {len(runs)} runs, with its 95 % interval:")
    for name, every in (("weight", weights), ("spoiled", drawn)):
        mean, low, high = change([own[-1] - own[0] for own in every])
        print(f"{name}: {mean:+.1%} ({low:+.1%} to {high:+.1%})")


if __name__ == "__main__":
    main()
