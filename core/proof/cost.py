"""What a proof will take, before it is begun."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.lm.work import Work
from core.proof.config import BASE, FULL, ProofConfig
from core.proof.grid import Cell, n_trainable
from core.proof.run import refinement, task
from core.proof.written import LONGEST
from core.refine.cost import work as refining


def work(config: ProofConfig, grid: Sequence[Cell], tokens: np.ndarray, n_held_out: int) -> Work:
    """What the model will do at most in all cells of a grid, for samples of `tokens` int64 (N,).

    random and full pick samples of mean length; any other method may pick the longest. Every cell is measured on
    `n_held_out` samples of mean length, and may write to all of them. Raises SelectionError for a cell that cannot be
    refined.
    """
    length = np.sort(np.minimum(tokens, config.train.max_tokens))[::-1].astype(np.float64)
    mean, longest, found = float(length.mean()), np.cumsum(length), Work()
    left = n_trainable(len(tokens), n_held_out, config.bans)
    writes = min(config.instructed, n_held_out) + (n_held_out if config.exact else 0)
    for cell in grid:
        found += Work(read=n_held_out * mean, written=writes * LONGEST)
        if cell.method == BASE:
            continue
        picked = cell.budget if config.unit == "samples" else round(cell.budget / max(mean, 1))
        picked = min(config.full if cell.method == FULL else picked, left)
        trained = picked * mean if cell.method in (FULL, "random") or not picked else longest[picked - 1]
        found += Work(trained=float(trained) * config.train.epochs)
        if cell.refined:
            found += refining(refinement(config, task(config, cell, config.bans)), tokens)
    return found
