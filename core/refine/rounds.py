"""k-means-quality with iterative refinement (arXiv 2409.11378): clusters whose samples a model does not yet answer as
well as the data does gain weight from round to round.

A run is a folder, one subfolder a round, each step's file written when the step is complete: a run that was killed goes
on after its last finished step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.lm.endpoint import Endpoint
from core.lm.fine_tuning import fine_tune, load_trainable, load_tuned, require_training
from core.lm.generation import generate
from core.refine.config import RefineConfig
from core.refine.runs import RefineRun, read_run
from core.sae.loading import at_hand
from core.schema import FeatureMatrix, SelectionSpec
from core.scoring.answer_scores import Task
from core.scoring.registry import SCORERS
from core.selection.clustering import clusters_of, draw_keys, in_turns
from core.selection.constraints import candidates
from core.selection.inputs import SampleInfo, score_column
from core.store.reader import FeatureStore
from core.system.files import claimed, replacing
from core.system.kept import step, write_json

MOST = 30.0  # nats: a cluster's mean difference is cut there, so that one odd score cannot starve all the others
OnStage = Callable[[str, float, float], None]  # what is done, how far, of how much


# --- the method


def first_weights(label: np.ndarray, free: np.ndarray) -> np.ndarray:
    """∝ the number of candidates in each cluster, so that one round alone is k-means-quality: float64 (C,), sum 1."""
    size = np.bincount(label[free], minlength=int(label.max(initial=-1)) + 1)
    return size / max(size.sum(), 1)


def updated(weight: np.ndarray, mean_gap: np.ndarray) -> np.ndarray:
    """w_j ∝ w_j · exp(s_j), normalised to sum 1; a cluster without a score (NaN) is left as if its score were 0."""
    gap = np.clip(np.nan_to_num(mean_gap, nan=0.0, posinf=MOST, neginf=-MOST), -MOST, MOST)
    with np.errstate(divide="ignore"):
        log = np.log(weight) + gap
    scaled = np.exp(log - log.max())
    return scaled / scaled.sum()


def mean_gaps(label: np.ndarray, gap: np.ndarray, n_clusters: int) -> np.ndarray:
    """The mean of `gap` float64 (n,) over the samples of each cluster, those without a value (NaN) left out: (C,)."""
    known = np.isfinite(gap)
    count = np.bincount(label[known], minlength=n_clusters)
    total = np.bincount(label[known], gap[known], minlength=n_clusters)
    return np.divide(total, count, out=np.full(n_clusters, np.nan), where=count > 0)


def places(weight: np.ndarray, left: np.ndarray, total: int, rng: np.random.Generator) -> np.ndarray:
    """How many samples to draw from each cluster: int64 (C,), `total` in all or as many as there are.

    Each place is drawn with a probability ∝ the cluster's weight; what a cluster with `left` int64 (C,) samples cannot
    give is drawn again among the others, evenly once no cluster of any weight has some left.
    """
    taken, total = np.zeros(len(weight), np.int64), min(total, int(left.sum()))
    while taken.sum() < total:
        still = taken < left
        share = np.where(still, weight, 0.0)
        share = share if share.sum() > 0 else still.astype(float)
        drawn = rng.multinomial(total - taken.sum(), share / share.sum())
        taken = np.minimum(taken + drawn, left)
    return taken


def draw(
    weight: np.ndarray, label: np.ndarray, free: np.ndarray, quality: np.ndarray, total: int, rng: np.random.Generator
) -> np.ndarray:
    """The round's samples: clusters by weight, inside a cluster without replacement with probability ∝ quality ≥ 0.

    free bool (N,): who may still be drawn. The clusters in turn: int64.
    """
    quota = places(weight, np.bincount(label[free], minlength=len(weight)), total, rng)
    return in_turns(np.flatnonzero(free), label, draw_keys(quality, rng), quota)


# --- the run


def refine(
    config: RefineConfig,
    store: FeatureStore,
    info: SampleInfo,
    endpoint: Endpoint | None = None,
    on_stage: OnStage = lambda stage, done, total: None,
    wait: bool = True,
) -> RefineRun:
    """Run all rounds, or those that an earlier run of the same configuration has not finished, once no other process
    is at them.

    Raises SelectionError for decisions that leave nothing, ModelError without trl and peft or for a missing model,
    filelock.Timeout if another process is at the run and it is not to `wait`.
    """
    require_training()
    matrix = store.matrix(config.scope, config.theta, config.lens)
    free, quality = candidates(matrix, config.spec), qualities(matrix, config.spec, info)
    if not free.any():
        raise SelectionError("Vetoes, pins and bans leave no sample to draw from.")
    with claimed(config.folder, wait):
        on_stage("Clustering", 0, 1)
        run = begun(config, free, lambda: clusters_of(matrix, config.spec, info))
        for number in range(len(run.rounds) + 1, config.rounds + 1):
            left = free.copy()
            left[run.rows] = False
            if not left.any():
                write_json(config.folder / "exhausted.json", True)
                return read_run(config.folder)
            one_round(run, number, config.folder / f"round-{number}", store, left, quality, endpoint, on_stage)
            run = read_run(config.folder)
        return run


def qualities(matrix: FeatureMatrix, spec: SelectionSpec, info: SampleInfo) -> np.ndarray:
    """What samples are drawn by inside a cluster, float64 (N,) ≥ 0: the score column, or all alike without one."""
    return score_column(matrix, spec, info, least=0) if "score" in spec.options else np.ones(matrix.n_samples)


def begun(config: RefineConfig, free: np.ndarray, cluster: Callable[[], Any]) -> RefineRun:
    """The run as its folder has it; a new one begins with the clusters and their weights."""
    folder = config.folder
    if not (folder / "run.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        found = cluster()
        with replacing(folder / "clusters.npy") as temporary, temporary.open("wb") as out:
            np.save(out, found.label)
        facts = {
            "curve": [asdict(row) for row in found.curve],
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "first_weight": first_weights(found.label, free).tolist(),
        }
        write_json(folder / "run.json", {"config": asdict(config), **facts})
    return read_run(folder)


def one_round(
    run: RefineRun, number: int, folder: Path, store: FeatureStore, free: np.ndarray, quality: np.ndarray,
    endpoint: Endpoint | None, on_stage: OnStage,
) -> None:  # fmt: skip
    """Draw, fine-tune on everything drawn so far, answer the new prompts, score, and write the round."""
    config, name = run.config, f"Round {number} of {run.config.rounds}"
    folder.mkdir(parents=True, exist_ok=True)
    weight = run.weight
    total = shares(config.budget - len(config.pins), config.rounds)[number - 1]
    drawn = step(folder / "drawn.json", lambda: drawn_rows(run, number, weight, free, quality, total))
    rows = np.array(drawn, np.int64)
    trained = step(folder / "trained.json", lambda: train_round(run, number, rows, store, folder, on_stage))
    samples, source = store.samples(rows), config.model or at_hand(store.meta["config"]["model"])
    if not (folder / "scores.json").exists():
        lm = load_tuned(source, folder / "adapter", config.train)

        def told(stage: str) -> Callable[[int, int], None]:
            return lambda done, of: on_stage(f"{name}: {stage}", done, of)

        answers = step(
            folder / "answers.json",
            lambda: generate(lm, samples, config.new_tokens, config.train.max_tokens, on_tokens=told("answering")),
        )
        task = Task(samples, answers, lm, folder, config.scorer_model, endpoint, on_scored=told("scoring"))
        step(folder / "scores.json", lambda: [values.tolist() for values in SCORERS[config.scorer](task)])
    gold, generated = np.array(json.loads((folder / "scores.json").read_text()), np.float64)
    gap = mean_gaps(run.label[rows], gold - generated, len(weight))
    facts = {"weight": weight, "mean_gap": gap, "next_weight": updated(weight, gap), **trained}
    write_json(folder / "round.json", {n: v.tolist() if isinstance(v, np.ndarray) else v for n, v in facts.items()})


def drawn_rows(
    run: RefineRun, number: int, weight: np.ndarray, free: np.ndarray, quality: np.ndarray, total: int
) -> list[int]:
    """The rows of a round: seeded by run and round, so that a restart draws the same."""
    rng = np.random.default_rng([run.config.seed, number])
    return draw(weight, run.label, free, quality, total, rng).tolist()


def train_round(
    run: RefineRun, number: int, rows: np.ndarray, store: FeatureStore, folder: Path, on_stage: OnStage
) -> dict[str, Any]:
    """Fine-tune: from the base model on everything drawn so far, or from the previous round on the new samples."""
    config = run.config
    previous = folder.parent / f"round-{number - 1}" / "adapter"
    goes_on = config.start == "previous" and number > 1
    rows = rows if goes_on else np.concatenate([run.rows, rows])
    lm = load_trainable(config.model or at_hand(store.meta["config"]["model"]), config.train)
    told = f"Round {number} of {config.rounds}: fine-tuning"
    done = fine_tune(
        lm, store.samples(rows), config.train, folder / "adapter", previous if goes_on else None,
        lambda step, of: on_stage(told, step, of),
    )  # fmt: skip
    return {"loss": done.loss, "tokens": done.tokens, "seconds": done.seconds}


def shares(budget: int, rounds: int) -> list[int]:
    """The budget over the rounds, as evenly as whole numbers allow, the first ones one more."""
    return [budget // rounds + (i < budget % rounds) for i in range(rounds)]
