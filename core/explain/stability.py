"""How much of a selection stays when θ, the scope or the seed are others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.errors import SelectionError, StoreError
from core.schema import Selection, SelectionSpec
from core.selection.consensus import neighbours
from core.selection.registry import METHODS

SEEDS = 3


@dataclass(frozen=True)
class Stability:
    """kept: for each variation the share of the picks that it selects too. left_out: those that could not run, and why.

    of_pick float64 (K,): the share of the variations that select each pick.
    """

    kept: dict[str, float]
    of_pick: np.ndarray
    left_out: dict[str, str]


def variations(spec: SelectionSpec) -> dict[str, SelectionSpec]:
    """The neighbours of a request by name: θ a fifth lower and higher, the other scopes; other seeds if they matter."""
    found = neighbours(spec)
    if METHODS[spec.method].seeded:
        found |= {f"seed {spec.seed + i}": replace(spec, seed=spec.seed + i) for i in range(1, SEEDS + 1)}
    return found


def stability(selection: Selection, run: Callable[[SelectionSpec], Selection]) -> Stability:
    """Run the variations of a selection through `run` and count which picks come back."""
    kept, left_out, times = {}, {}, np.zeros(len(selection.rows))
    for name, spec in variations(selection.spec).items():
        try:
            stays = np.isin(selection.rows, run(spec).rows)
        except (SelectionError, StoreError) as error:  # pins that are blocked there, or a scope without topics
            left_out[name] = str(error)
            continue
        kept[name] = float(stays.mean())
        times += stays
    return Stability(kept, times / max(len(kept), 1), left_out)
