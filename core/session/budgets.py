"""What budgets cover: the curve of a method, and what random draws cover with as many samples or tokens."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from core.matrix.statistics import active_in
from core.schema import Selection, SelectionSpec
from core.selection.constraints import available, ignored
from core.selection.inputs import costs
from core.selection.registry import METHODS
from core.selection.run import select
from core.session.session import Session, by_method

DRAWS = 20
RANDOM = f"random (median of {DRAWS} draws)"  # what it is called wherever its figures stand


@dataclass(frozen=True)
class Curve:
    """What the first 1, 2, … picks take of the budget together, and cover: int64 (K,) each."""

    spent: np.ndarray
    covered: np.ndarray

    def at(self, budgets: np.ndarray) -> np.ndarray:
        """What the first picks that fit in each of `budgets` int64 (M,) cover: int64 (M,); 0 where none fits."""
        return np.concatenate([[0], self.covered])[np.searchsorted(self.spent, budgets, "right")]


def curve(session: Session, spec: SelectionSpec) -> Curve:
    """The curve of a request's method over all budgets; of one without an order, or a slow one, up to its own budget.

    With a budget in tokens each budget may have a selection of its own. The curve is then that of one large enough to
    cover all that can be covered.
    """
    order = session.order(spec)
    if spec.unit == "tokens" and METHODS[spec.method].quick and METHODS[spec.method].nested and not spec.quotas:
        most, everything = session.total(spec.unit), reachable(session, spec)
        while order.covered_after[-1] < everything and order.spec.budget < most:
            order = session.order(replace(spec, budget=min(2 * order.spec.budget, most)))
    return curve_of(session, order)


def reachable(session: Session, spec: SelectionSpec) -> int:
    """How many features the samples that vetoes and bans leave cover together, those without credit not counted."""
    matrix = session.matrix_of(spec)
    active = active_in(matrix, np.flatnonzero(available(matrix, spec))) > 0
    return int((active & ~ignored(matrix, spec)).sum())


def curve_of(session: Session, order: Selection) -> Curve:
    """The curve of picks in their order, in the unit of their budget."""
    cost = costs(session.matrix_of(order.spec), order.spec, session.info)
    return Curve(np.cumsum(cost[order.rows]), order.covered_after)


# --- random draws


def random_draws(session: Session, spec: SelectionSpec, draws: int = DRAWS) -> list[Selection]:
    """Random selections with the same budget, vetoes, pins and bans, but no quotas, of the seeds 0, 1, …

    A draw in tokens ends with the last sample that fits; it has one at least.
    """
    task, found = replace(by_method(spec, "random"), quotas=()), []
    for seed, (order, spending) in enumerate(_orders(session, spec, spec.budget, draws)):
        fits = int(np.searchsorted(spending.spent, spec.budget, "right"))
        found.append(replace(order.prefix(max(fits, 1)), spec=replace(task, seed=seed)))
    return found


def random_band(
    session: Session, spec: SelectionSpec, budgets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, median and highest coverage of `random_draws` with each of `budgets` int64 (M,), in the unit of the spec.

    int64, float64 and int64 (M,).
    """
    curves = [curve for _, curve in _orders(session, spec, int(np.max(budgets)))]
    covered = np.array([curve.at(np.maximum(budgets, curve.spent[0])) for curve in curves])
    return covered.min(0), np.median(covered, 0), covered.max(0)


def random_coverage(session: Session, selection: Selection) -> tuple[int, float, int]:
    """Lowest, median and highest coverage of random draws of as many samples as a selection has, or with its tokens."""
    spec = selection.spec
    budget = len(selection.rows) if spec.unit == "samples" else spec.budget
    low, middle, high = random_band(session, spec, np.array([budget]))
    return int(low[0]), float(middle[0]), int(high[0])


def random_needed(session: Session, spec: SelectionSpec, covered: int) -> int:
    """The smallest budget, in the unit of the spec, with which random draws cover as many features at the median."""
    most = session.total(spec.unit)
    curves = [curve for _, curve in _orders(session, spec, most)]

    def enough(budget: int) -> bool:
        return bool(np.median([curve.at(np.array([budget]))[0] for curve in curves]) >= covered)

    return min(bisect_left(range(1, most + 1), True, key=enough) + 1, most)


def _orders(session: Session, spec: SelectionSpec, most: int, draws: int = DRAWS) -> list[tuple[Selection, Curve]]:
    """Random orders with their curves, as far as a budget of `most` needs them at least."""
    n = session.store.n_samples
    drawn = min(n, 1 << max(most - 1, 0).bit_length()) if spec.unit == "samples" else n  # few steps as a budget moves
    task = replace(by_method(spec, "random"), seed=0, budget=drawn, unit="samples", quotas=(), sets={})

    def orders() -> list[tuple[Selection, Curve]]:
        matrix = session.matrix_of(spec)
        cost = costs(matrix, spec, session.info)
        found = [select(matrix, replace(task, seed=seed), session.info) for seed in range(draws)]
        return [(order, Curve(np.cumsum(cost[order.rows]), order.covered_after)) for order in found]

    return session.remember(("draws", draws, spec.unit, repr(task)), orders)
