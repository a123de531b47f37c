"""Runs of refinement and proofs without any model: written in the formats that core.refine and core.prove write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from core.proof.config import ProofConfig
from core.proof.grid import held_out_rows
from core.proof.run import sources
from core.proof.store import ProofStore, Run
from core.refine.config import RefineConfig
from core.refine.rounds import begun, drawn_rows, mean_gaps, shares, updated
from core.refine.runs import RefineRun, read_run
from core.selection.clustering import clusters
from core.selection.constraints import candidates
from core.selection.inputs import unit_vectors
from core.session.session import Session
from core.system.kept import write_json


def write_refinement(session: Session, config: RefineConfig, answers: Sequence[str], rounds: int) -> RefineRun:
    """The folder of a run with `rounds` rounds finished: real clusters and draws, made-up answers and scores."""
    matrix = session.matrix_of(config.spec)
    vectors = unit_vectors(matrix, config.spec, session.info)
    run = begun(config, candidates(matrix, config.spec), lambda: clusters(vectors, config.k, config.seed))
    quality, rng = np.ones(session.store.n_samples), np.random.default_rng(config.seed)
    lean = rng.normal(0.3, 0.7, len(run.weight))
    for number in range(1, rounds + 1):
        free = candidates(matrix, config.spec)
        free[run.rows] = False
        weight = run.weight
        total = shares(config.budget - len(config.pins), config.rounds)[number - 1]
        rows = drawn_rows(run, number, weight, free, quality, total)
        gold = rng.normal(-0.5, 0.3, len(rows))
        generated = gold - lean[run.label[rows]] - rng.normal(0, 0.2, len(rows))
        gap = mean_gaps(run.label[rows], gold - generated, len(weight))
        trained = {"loss": 2.5 - 0.2 * number, "tokens": 300 * len(rows) * number, "seconds": 20.0 * number}
        facts = {"weight": weight.tolist(), "mean_gap": gap.tolist(), "next_weight": updated(weight, gap).tolist()}
        folder = config.folder / f"round-{number}"
        folder.mkdir()
        said = [answers[i % len(answers)] for i in range(len(run.rows), len(run.rows) + len(rows))]
        parts = {"drawn": rows, "trained": trained, "answers": said, "scores": [gold.tolist(), generated.tolist()]}
        for name, part in {**parts, "round": {**facts, **trained}}.items():
            write_json(folder / f"{name}.json", part)
        run = read_run(config.folder)
    return run


def write_proof(
    session: Session,
    methods: Sequence[str] = ("sae-greedy", "longest-response", "random"),
    budgets: Sequence[int] = (8, 16, 32),
    held_out: int = 10,
    tasks: tuple[str, ...] = (),
    model: str = "SmolLM2-135M-Instruct",
    names: Sequence[str] = ("",),
    full: int = 10**6,
) -> ProofStore:
    """A proof with two seeds: losses fall with the samples, faster for some methods; `names` take turns as sources."""
    store = session.store
    lens = session.lens
    theta = session.default_theta(lens=lens)[0]
    config = ProofConfig(store.key, model, held_out, theta=theta, lens=lens, tasks=tasks)
    rows, proof, rng = held_out_rows(sources(session), held_out, 0), ProofStore(config.path), np.random.default_rng(0)
    proof.begin(asdict(config), rows, np.array([names[i % len(names)] for i in range(len(rows))]))
    hard = rng.normal(2.6, 0.5, len(rows))
    grid = [("base", 0, 0), *((m, b, s) for s in (0, 1) for b in budgets for m in methods), ("full", 0, 0)]
    for method, budget, seed in grid:
        n = {"base": 0, "full": min(full, store.n_samples - len(rows))}.get(method, budget)
        picks = rng.permutation(np.setdiff1d(np.arange(store.n_samples), rows))[:n]
        tokens = int(session.info.tokens[picks].sum())
        skill = {"hybrid": 0.18, "sae-greedy": 0.16, "longest-response": 0.13, "full": 0.15}.get(method, 0.11)
        losses = hard - skill * np.log1p(n) + rng.normal(0, 0.05, len(rows))
        scores = {task: 0.3 + 0.02 * skill * np.log1p(n) for task in tasks}
        seconds = 0.002 * tokens + 3 * (n > 0)
        run = Run(method, budget, seed, picks, tokens, int(0.7 * tokens), seconds, 2.2, losses, scores)
        proof.add(run)
    return proof


def unfinished(config: RefineConfig) -> RefineConfig:
    """The same with another seed and one more round than will be written."""
    seed = config.seed + 1
    return replace(config, seed=seed, rounds=config.rounds + 1, train=replace(config.train, seed=seed))
