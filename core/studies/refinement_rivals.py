"""A run of refinement beside what one selection of as many samples takes: k-means-quality in one round, and greedy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.refine.runs import RefineRun
from core.session.session import Session


@dataclass(frozen=True)
class Rival:
    """One way to select as many samples. rows int64 (K,); covered: features; tokens: of all picks; why: what a method
    lacks that could not run.
    """

    title: str
    method: str
    options: dict[str, Any]
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    covered: int = 0
    tokens: int = 0
    why: str = ""


def one_shot(run: RefineRun) -> tuple[str, dict[str, Any]]:
    """The method and options of one round over the run's own clusters.

    A run without a score draws all alike inside a cluster; in one round that is kmeans-random.
    """
    config = run.config
    k = config.k if isinstance(config.k, int) and config.k else len(run.weight)
    return ("kmq", {"score": config.quality, "k": k}) if config.quality else ("kmeans-random", {"k": k})


def rivals(session: Session, run: RefineRun) -> list[Rival]:
    """The run, one-shot kMQ and sae-greedy under the run's decisions, θ, scope and seed, with as many samples."""
    ways = [
        Rival("Iterative refinement", "kmq-iterative", {"run": run.config.folder.name}),
        Rival("One-shot kMQ", *one_shot(run)),
        Rival("sae-greedy", "sae-greedy", {}),
    ]
    return [selected(session, run, way) for way in ways]


def selected(session: Session, run: RefineRun, way: Rival) -> Rival:
    """The way with what it selects, or why it cannot."""
    spec = replace(run.config.spec, method=way.method, options=way.options, budget=len(run.rows))
    try:
        found = session.selection(spec)
    except SelectionError as error:
        return replace(way, why=str(error))
    covered = int(found.covered_after[-1]) if len(found.rows) else 0
    return replace(way, rows=found.rows, covered=covered, tokens=int(session.info.tokens[found.rows].sum()))
