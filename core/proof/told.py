"""What a proof shows, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.proof.grid import REFINED
from core.proof.results import Result
from core.proof.view import ranked, saving, verdict
from core.session.variants import method_of, told


def at(result: Result, unit: str) -> str:
    """A method with its budget."""
    return f"{told(result.method)} at {result.budget:,} {unit}" if result.budget else result.method


def told_of_random(rows: Sequence[Result]) -> str:
    """Which methods are better than random beyond chance, and which are not."""
    found = verdict(rows)
    compared = (*found.better, *found.worse, *found.unclear)
    if not (compared or found.unknown):
        return "No method was run with the same budget as random, so none can be compared with it."
    if not compared:
        return "With one seed, chance cannot be ruled out: run prove with --seeds 3."
    groups = {"Worse": found.worse, "Neither": found.unclear, "Not known, with one seed": found.unknown}
    said = [f"{name}: {listed(some, rows)}." for name, some in groups.items() if some]
    better = f"Better than random beyond chance: {listed(found.better, rows)}."
    return (
        f"{' '.join([better, *said])} Chance is held to 5 % over all comparisons (Holm), counting models and held-out "
        "samples: that the interval of one leaves out 0 is not enough."
    )


def listed(some: Sequence[Result], rows: Sequence[Result]) -> str:
    """The methods of some of the results; of `rows`, all of them, one whose other budgets are not among them says so.

    By how much each is better stands in the table.
    """
    names = []
    for method in dict.fromkeys(r.method for r in some):
        own, every = ({r.budget for r in of if r.method == method} for of in (some, rows))
        names.append(told(method) if own == every else f"{told(method)} at some budgets")
    return "; ".join(names) or "none"


def told_of_training(rows: Sequence[Result], methods: Sequence[str], budget: int, unit: str) -> str:
    """What training on a method's picks gave beside training on as many at random, at the budget of the proof that is
    nearest to `budget`; of the first of `methods` that was run, or of that with the lowest loss where none was.
    """
    known = [r for r in ranked(rows) if r.method != "random" and np.isfinite(r.better)]
    run = [name for name in methods if any(r.method == name for r in known)] or [r.method for r in known[:1]]
    own = [r for r in known if r.method in run[:1]]
    if not own:
        return told_of_random(rows)
    best = min(own, key=lambda r: abs(r.budget - budget))
    better = "These picks are better" if best.better > 0 else "Random ones are better"
    chance = (
        f"{better}, by more than chance explains" if best.holds else "The difference is within what chance explains"
    )
    return (
        f"Trained on the picks of {at(best, unit)}, the model reached a held-out loss of {best.loss:.3f}, where lower "
        f"is better; on as many at random, {best.loss + best.better:.3f}. {chance}."
    )


def told_of_full(rows: Sequence[Result], unit: str, left: int) -> str:
    """How much less training the best subset takes than full, which could have had `left` samples, and what of it is
    not counted.
    """
    found = saving(rows)
    if found is None:
        return "What the best subset saves is known once all samples (full) have been run too."
    less = "lower" if found.loss < 0 else "higher"
    drawn = f" Full had {found.full.samples:,.0f} of the samples, drawn at random." if found.full.samples < left else ""
    refined = " The training of its refinement is not counted." if method_of(found.best.method) in REFINED else ""
    return (
        f"The best subset, {at(found.best, unit)}, takes {share(found.tokens, 'fewer')} trained tokens than full; its "
        f"loss is {abs(found.loss):.3f} {less}.{drawn}{refined}"
    )


def share(saved: float, less: str) -> str:
    """A saving in words."""
    return f"{saved:.0%} {less}" if saved >= 0 else f"{-saved:.0%} more"
