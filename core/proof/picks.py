"""What the picks of a proof's methods consist of: the sources they come from, and what else tells samples apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.proof.store import Choice, Run


def mixture(runs: Sequence[Run | Choice], source: np.ndarray) -> dict[tuple[str, int], dict[str, float]]:
    """The share of each method's picks, at each budget and over its seeds, that comes from each source, text (N,)."""
    rows: dict[tuple[str, int], list[np.ndarray]] = {}
    for run in runs:
        if len(run.rows):
            rows.setdefault((run.method, run.budget), []).append(source[run.rows])
    names = sorted(set(source.tolist()))
    return {key: {n: float(np.mean(np.concatenate(own) == n)) for n in names} for key, own in rows.items()}


def picks(runs: Sequence[Run | Choice], labels: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """`mixture` by each of `labels`, text (N,), as files have it: a method at a budget, then by what and how much.

    `{"method": "kmq", "budget": 300, "source": {"web": 0.4, "code": 0.6}}`; of all runs with picks, by method.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for by, label in labels.items():
        for (method, budget), shares in sorted(mixture(runs, label).items()):
            found.setdefault((method, budget), {"method": method, "budget": budget})[by] = shares
    return list(found.values())
