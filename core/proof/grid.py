"""What a proof compares: its configuration, its cells, the samples that are held out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.proof.config import BASE, FULL
from core.selection.registry import METHODS
from core.session.variants import known_variant, method_of

REFINED = tuple(name for name, method in METHODS.items() if "run" in method.needs)  # of refinement


@dataclass(frozen=True)
class Cell:
    """One run of the grid. method: a method, a variant of one (`core.session.variants`), full or base."""

    method: str
    budget: int
    seed: int

    @property
    def refined(self) -> bool:
        """Whether its method needs a run of refinement."""
        return method_of(self.method) in REFINED

    @property
    def name(self) -> str:
        """What its folder is called: a variant's signs have no place in one, so their digest tells variants apart."""
        plain = re.sub(r"[^\w.-]+", "-", self.method)
        mark = "" if plain == self.method else f"-{hashlib.sha256(self.method.encode()).hexdigest()[:8]}"
        return f"{plain}{mark}-{self.budget}-{self.seed}"


def held_out_rows(source: Sequence[str] | np.ndarray, n: int, seed: int, bans: Sequence[int] = ()) -> np.ndarray:
    """`n` rows of each source, at random, fewer than half of it: int64, ascending. Raises SelectionError."""
    names, rng, found = np.asarray(source).tolist(), np.random.default_rng([seed, 7]), []
    allowed = np.ones(len(names), bool)
    allowed[list(bans)] = False
    code = {name: i for i, name in enumerate(sorted(set(names)))}
    of, free = np.array([code[name] for name in names], np.int64), np.flatnonzero(allowed)
    free = free[np.argsort(of[free], kind="stable")]  # by source, each ascending
    for name, rows in zip(code, np.split(free, np.searchsorted(of[free], np.arange(1, len(code)))), strict=True):
        if 2 * n > len(rows):
            raise SelectionError(f"{n} held-out samples are more than half of the {len(rows)} of source {name!r}.")
        found.append(rng.choice(rows, n, replace=False))
    return np.sort(np.concatenate(found))


def cells(methods: Sequence[str], budgets: Sequence[int], seeds: Sequence[int]) -> list[Cell]:
    """The grid, in an order that fills it evenly: all methods for one seed before the next seed. base needs one run,
    full one budget."""
    methods = [known_variant(name, (FULL, BASE)) for name in methods]
    found = [Cell(BASE, 0, 0)]
    for seed in seeds:
        found += [Cell(m, b, seed) for b in sorted(budgets) for m in methods if m not in (FULL, BASE)]
        found += [Cell(FULL, 0, seed)] if FULL in methods else []
    return found


def n_trainable(n_samples: int, n_held_out: int, bans: Sequence[int]) -> int:
    """How many samples full draws from: all but those held out and those banned, which have none in common."""
    return n_samples - n_held_out - len(set(bans))
