"""Does a selection train better? The same base model fine-tuned on the picks of several methods, measured on samples
that none of them may pick.

Both papers judge selections so (arXiv 2502.14050, 2409.11378), by benchmarks; here by the loss on held-out answers, a
figure that small models and few samples move too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import Timeout

from core.errors import SelectionError
from core.lm.chat import tokenize
from core.lm.fine_tuning import fine_tune, load_trainable, load_tuned, require_training
from core.lm.language_model import LanguageModel
from core.lm.losses import mean_losses
from core.proof.config import BASE, FULL, TEST, ProofConfig
from core.proof.grid import Cell, held_out_rows, n_trainable
from core.proof.store import Choice, ProofStore, Run
from core.proof.written import written_scores
from core.refine.config import RefineConfig
from core.refine.rounds import refine
from core.schema import SEGMENTS, Sample, SelectionSpec
from core.selection.checks import completed
from core.session.session import Session
from core.session.variants import method_of, varied
from core.system.files import claimed
from core.system.kept import step

BATCH_TOKENS = 2048  # larger ones leave the cache of a processor
RESPONSE = SEGMENTS.index("response")
OnStage = Callable[[str, float, float], None]


def prove(
    config: ProofConfig,
    session: Session,
    grid: Sequence[Cell],
    on_stage: OnStage = lambda stage, done, total: None,
) -> ProofStore:
    """Carry out the cells of `grid` that the database of `config` does not have yet; the database.

    A run that was killed goes on where it was. Several processes share a grid, each cell going to one; what another is
    at is left to the end, and waited for. Raises SelectionError if a method lacks what it needs, ModelError without trl
    and peft.
    """
    require_training()
    store, held_out = begun(config, session)
    todo = [cell for cell in grid if not store.has(cell.method, cell.budget, cell.seed)]
    for wait in (False, True):
        for i, cell in enumerate(todo):
            name = f"{i + 1}/{len(todo)} {cell.method} {cell.budget or ''} seed {cell.seed}".replace("  ", " ")

            def told(stage: str, done: float, total: float, name: str = name) -> None:
                on_stage(f"{name}: {stage}", done, total)

            def make(folder: Path, cell: Cell = cell, told: OnStage = told, wait: bool = wait) -> Run:
                return one_run(config, session, cell, held_out, folder, told, wait)

            fill(store, config, cell, make, told, wait)
    return store


def begun(config: ProofConfig, session: Session) -> tuple[ProofStore, np.ndarray]:
    """The database of a proof, made if it is not there; the held-out rows, int64 (H,). Raises SelectionError."""
    store, held_out = ProofStore(config.path), held_out_of(config, session)
    store.begin(asdict(config), held_out, sources(session)[held_out])
    return store, held_out


def held_out_of(config: ProofConfig, session: Session) -> np.ndarray:
    """The rows to measure on, int64 (H,) ascending: those that the data say are, or some of each source at random.

    Raises SelectionError if there are too few.
    """
    decided = (*config.bans, *config.pins)
    if not config.split:
        drawn = config.held_out, config.held_out_seed, decided
        return session.remember(("held out", *drawn), lambda: held_out_rows(sources(session), *drawn))
    rows = np.setdiff1d(np.flatnonzero(session.labels(config.split) == TEST), np.array(decided, np.int64))
    if len(rows) < 2:
        raise SelectionError(f"Of the samples {len(rows)} say {TEST!r} in {config.split!r}: at least 2 must.")
    return rows


def fill(
    store: ProofStore, config: ProofConfig, cell: Cell, make: Callable[[Path], Run], told: OnStage, wait: bool
) -> None:
    """Carry out a cell that has no run by now, by `make` in a folder of its own, unless another process is at it or at
    its refinement and this one is not to `wait`."""
    if store.has(cell.method, cell.budget, cell.seed):
        return
    folder = config.path.with_suffix("") / cell.name
    if wait:
        told("waiting for another process", 0, 1)
    try:
        with claimed(folder, wait):
            if not store.has(cell.method, cell.budget, cell.seed):
                store.add(make(folder))
            shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        told("another process is at it", 1, 1)


def sources(session: Session) -> np.ndarray:
    """The source of every sample, text (N,)."""
    return session.remember("sources as text", lambda: session.store.sample_columns("source")["source"].astype(str))


def choose(config: ProofConfig, session: Session, grid: Sequence[Cell], on_stage: OnStage) -> ProofStore:
    """Select for the cells of `grid` and keep the picks, on which `prove` trains then: the database. Left out are cells
    that have a run, and those whose method needs a run of refinement, which is training.
    """
    store, held_out = begun(config, session)
    for i, cell in enumerate(grid):
        key = (cell.method, cell.budget, cell.seed)
        if not cell.refined and not store.has(*key) and store.choice(*key) is None:
            store.choose(Choice(*key, picked(config, session, cell, held_out, on_stage)[0]))
        on_stage(f"Selecting: {cell.method}", i + 1, len(grid))
    return store


def one_run(
    config: ProofConfig, session: Session, cell: Cell, held_out: np.ndarray, folder: Path, told: OnStage, wait: bool
) -> Run:
    """Select, unless that was done, fine-tune, measure; `folder` keeps what a kill would lose."""
    rows, refined = ProofStore(config.path).choice(cell.method, cell.budget, cell.seed), ""
    if rows is None:
        rows, refined = picked(config, session, cell, held_out, told, wait)
    measured = session.store.samples(held_out), sources(session)[held_out]
    return tuned_run(config, cell, rows, session.store.samples(np.sort(rows)), *measured, folder, told, refined)


def tuned_run(
    config: ProofConfig, cell: Cell, rows: np.ndarray, samples: Sequence[Sample], held_out: Sequence[Sample],
    source: np.ndarray, folder: Path, told: OnStage, refined: str = "",
) -> Run:  # fmt: skip
    """Fine-tune on the samples of `rows`, ascending, and measure on those held out, whose sources are text (H,)."""
    lm, trained = trained_on(config, samples, cell.seed, folder, told)
    losses = answer_losses(lm, held_out, config.train.max_tokens, told)
    scores = task_scores(lm, config.tasks) if config.tasks else {}
    if config.exact or config.instructed:
        scores |= written_scores(lm, config, held_out, source, lambda done, total: told("writing", done, total))
    return Run(cell.method, cell.budget, cell.seed, rows, losses=losses, scores=scores, refined=refined, **trained)


def trained_on(
    config: ProofConfig, samples: Sequence[Sample], seed: int, folder: Path, told: OnStage
) -> tuple[LanguageModel, dict[str, Any]]:
    """The model, fine-tuned on `samples` if there are any, and what that took, by the names of Run's fields."""
    if not len(samples):
        nothing = {"tokens": 0, "trained_tokens": 0, "seconds": 0.0, "training_loss": float("nan")}
        return load_trainable(config.model, config.train), nothing
    train = replace(config.train, seed=seed)

    def tune() -> dict[str, Any]:
        lm = load_trainable(config.model, train)
        done = fine_tune(lm, samples, train, folder / "model", on_step=lambda s, n: told("fine-tuning", s, n))
        return {
            "tokens": done.tokens,
            "trained_tokens": done.trained_tokens,
            "seconds": done.seconds,
            "training_loss": done.loss,
        }

    trained = step(folder / "trained.json", tune)
    return load_tuned(config.model, folder / "model", train), trained


def picked(
    config: ProofConfig, session: Session, cell: Cell, held_out: np.ndarray, told: OnStage, wait: bool = True
) -> tuple[np.ndarray, str]:
    """The rows that a cell trains on, in the order of the picks: int64; and the run of refinement behind them.

    Raises filelock.Timeout if another process is at that one and it is not to `wait`.
    """
    if cell.method == BASE:
        return np.empty(0, np.int64), ""
    spec = task(config, cell, tuple(sorted({*config.bans, *held_out.tolist()})))
    if cell.method == FULL:
        most = min(config.full, n_trainable(session.store.n_samples, len(held_out), config.bans))
        spec = replace(spec, method="random", budget=most, unit="samples")
    else:
        spec = varied(session, spec, cell.method)
    if cell.refined:
        told("refining", 0, 1)
        run = refine(refinement(config, spec), session.store, session.info, None, told, wait)
        spec = replace(spec, options={**spec.options, "run": run.config.folder.name})
    return session.selection(completed(spec, config.score)).rows, spec.options.get("run", "")


def task(config: ProofConfig, cell: Cell, bans: tuple[int, ...]) -> SelectionSpec:
    """What a cell asks for, without a variant's own settings: the proof's decisions, its budget and its seed."""
    return SelectionSpec(
        method_of(cell.method), cell.budget, config.unit, config.theta, config.scope, lens=config.lens,
        vetoes=config.vetoes, pins=config.pins, bans=bans, seed=cell.seed,
    )  # fmt: skip


def refinement(config: ProofConfig, spec: SelectionSpec) -> RefineConfig:
    """The run of refinement that a selection needs: its budget in samples, its seed, its decisions."""
    if spec.unit != "samples":
        raise SelectionError(f"{spec.method} is proved with budgets in samples: refinement draws samples.")
    return RefineConfig(
        config.store_key, config.refined, spec.budget, quality=config.score, model=config.model, seed=spec.seed,
        new_tokens=config.new_tokens, vetoes=spec.vetoes, pins=spec.pins, bans=spec.bans, theta=spec.theta,
        scope=spec.scope, lens=spec.lens, train=replace(config.train, seed=spec.seed),
    )  # fmt: skip


def answer_losses(lm: LanguageModel, samples: Sequence[Sample], max_tokens: int, told: OnStage) -> np.ndarray:
    """Mean cross-entropy in nats over each sample's response tokens, float64 (n,), NaN where the cut leaves none."""
    items = tokenize(list(samples), lm.tokenizer, max_tokens)
    usable = [i for i, item in enumerate(items) if (item.segment == RESPONSE).any()]
    found, done = np.full(len(items), np.nan), 0
    sequences = [(items[i].ids, items[i].segment == RESPONSE) for i in usable]
    for batch, means in mean_losses(lm, sequences, BATCH_TOKENS):
        found[np.array(usable)[batch]] = means
        done += len(batch)
        told("measuring", done, len(usable))
    return found


def task_scores(lm: LanguageModel, tasks: Sequence[str]) -> dict[str, float]:
    """Every metric of lm-eval's tasks, `task/metric`: number. Their data come from the hub or its cache."""
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=lm.model, tokenizer=lm.tokenizer, batch_size=8, max_length=2048)
    found = simple_evaluate(model=model, tasks=list(tasks), random_seed=0, numpy_random_seed=0, torch_random_seed=0)
    return {
        f"{task}/{name.removesuffix(',none')}": float(value)
        for task, metrics in found["results"].items()
        for name, value in metrics.items()
        if "," in name and "_stderr" not in name and isinstance(value, int | float)
    }
