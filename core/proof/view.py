"""What a proof's results amount to: lines over the cost, which methods beat random, what the best subset saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.proof.results import Result
from core.selection.quotas import steered_by

COSTS = {"trained tokens": "trained_tokens", "seconds": "seconds", "samples": "samples"}
MARKS = ("base", "full")  # the model as it came, and trained on all: no selections


@dataclass(frozen=True)
class Verdict:
    """Methods at their budgets against random: better and worse after correction for all comparisons, neither, and
    those of which one model alone does not tell it."""

    better: tuple[Result, ...]
    worse: tuple[Result, ...]
    unclear: tuple[Result, ...]
    unknown: tuple[Result, ...]


@dataclass(frozen=True)
class Saving:
    """The best subset beside full. tokens, seconds: the share of full's that it does without, negative if it takes
    more; loss: its own less full's.
    """

    best: Result
    full: Result
    tokens: float
    seconds: float
    loss: float


def sizes(source: np.ndarray) -> tuple[int, int]:
    """(samples of each source to hold out, budget) for a first proof on samples of these sources, text (N,)."""
    smallest = min(Counter(source.tolist()).values())  # numpy would sort a million texts
    return max(2, min(300, smallest // 4)), max(1, min(300, len(source) // 10))


def ranked(results: Sequence[Result]) -> list[Result]:
    """The results by loss, the lowest first; those without one last."""
    return sorted(results, key=lambda r: (np.isnan(r.loss), r.loss, r.method, r.budget))


def lines(results: Sequence[Result], cost: str) -> dict[str, list[Result]]:
    """The results of each method by the cost, which is a key of COSTS; the marks, which have no budget, left out."""
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: (getattr(r, COSTS[cost]), r.budget)):
        if result.method not in MARKS:
            found.setdefault(result.method, []).append(result)
    return dict(sorted(found.items()))


def mark(results: Sequence[Result], name: str) -> Result | None:
    """The result of base or full, if it is there."""
    return next((r for r in results if r.method == name), None)


def verdict(results: Sequence[Result]) -> Verdict:
    """Which methods are better than random at the same budget; those without random to compare with are left out."""
    known = [r for r in ranked(results) if r.method not in (*MARKS, "random") and np.isfinite(r.better)]
    better, worse = [r for r in known if r.holds and r.better > 0], [r for r in known if r.holds and r.better < 0]
    unknown = [r for r in known if not np.isfinite(r.p_holm)]
    unclear = [r for r in known if r not in (*better, *worse, *unknown)]
    return Verdict(tuple(better), tuple(worse), tuple(unclear), tuple(unknown))


def saving(results: Sequence[Result]) -> Saving | None:
    """What the subset with the lowest loss saves against full; None without full or without a subset."""
    full, subsets = mark(results, "full"), [r for r in ranked(results) if r.method not in MARKS and np.isfinite(r.loss)]
    if full is None or not subsets:
        return None
    best = subsets[0]
    return Saving(
        best, full, 1 - best.trained_tokens / max(full.trained_tokens, 1), 1 - best.seconds / max(full.seconds, 1e-9),
        best.loss - full.loss,
    )  # fmt: skip


def sources(results: Sequence[Result]) -> list[str]:
    """The sources that losses are known of, in alphabetical order."""
    return sorted({name for r in results for name in r.by_source})


def best_by_source(results: Sequence[Result]) -> dict[str, Result]:
    """The result with the lowest loss on each source, the first of equals."""
    return {name: min(results, key=lambda r: r.by_source.get(name, np.inf)) for name in sources(results)}


def tasks(results: Sequence[Result]) -> list[str]:
    """The names of the tasks' scores, in alphabetical order."""
    return sorted({name for r in results for name in r.scores})


def without_steering(quotas: Sequence[str], boosts: Mapping[int, float]) -> str:
    """That a proof goes without the quotas and boosts that stand, and what does it; "" without any."""
    found = steered_by(quotas, boosts)
    return found and (
        f"The proof goes without your {found}. A method can have quotas of its own in the command, as in "
        "sae-gain:quota=source=equal."
    )
