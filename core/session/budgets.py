"""What budgets cover: the curve of a method, and what random draws cover with as many samples or tokens."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from core.matrix.covering import covered_counts
from core.matrix.statistics import active_in
from core.schema import Selection, SelectionSpec
from core.selection.constraints import available, ignored
from core.selection.inputs import costs
from core.selection.ranking import random_rows
from core.selection.registry import METHODS
from core.selection.run import select
from core.session.session import Session, by_method

DRAWS = 20
Band = tuple[int, float, int]  # lowest, median and highest of random draws
RANDOM = f"random (median of {DRAWS} draws)"  # what it is called wherever its figures stand


@dataclass(frozen=True)
class Curve:
    """What the first 1, 2, … picks take of the budget together, and cover: int64 (K,) each."""

    spent: np.ndarray
    covered: np.ndarray

    def at(self, budgets: np.ndarray) -> np.ndarray:
        """What the first picks that fit in each of `budgets` int64 (M,) cover: int64 (M,); 0 where none fits."""
        picks = np.searchsorted(self.spent, budgets, "right")
        return np.where(picks > 0, self.covered[picks - 1], 0)

    def flat_to(self, picks: int) -> Curve:
        """The same with further picks, each of which takes 1 and covers nothing new, until there are so many."""
        more = np.arange(1, picks - len(self.spent) + 1)
        covered = np.pad(self.covered, (0, len(more)), mode="edge")
        return Curve(np.concatenate([self.spent, self.spent[-1] + more]), covered)


def curve(session: Session, spec: SelectionSpec) -> Curve:
    """The curve of a request's method over all budgets; of one without an order, or a slow one, up to its own budget.

    With a budget in tokens each budget may have a selection of its own. The curve is then that of one large enough to
    cover all that can be covered. In samples the order is made until all of that is covered: what follows is flat.
    """
    ordered, order = session.ordered(spec), session.order(spec, spec.budget)
    if ordered or (spec.unit == "tokens" and METHODS[spec.method].quick and METHODS[spec.method].nested):
        most, everything = session.total(spec.unit), reachable(session, spec)
        while not spec.quotas and order.covered_after[-1] < everything and order.spec.budget < most:
            more = min(2 * order.spec.budget, most)
            order = session.order(spec, more) if ordered else session.order(replace(spec, budget=more))
    found = curve_of(session, order)
    return found.flat_to(int(available(session.matrix_of(spec), spec).sum())) if ordered else found


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
    task, matrix, found = replace(by_method(spec, "random"), quotas=()), session.matrix_of(spec), []
    cost = costs(matrix, spec, session.info)
    for seed in range(draws):
        own = replace(task, seed=seed)
        fits = int(np.searchsorted(np.cumsum(cost[random_rows(matrix, own)]), spec.budget, "right"))
        drawn = select(matrix, replace(own, budget=max(fits, 1), unit="samples"), session.info)
        found.append(replace(drawn, spec=own))
    return found


def random_band(
    session: Session, spec: SelectionSpec, budgets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, median and highest coverage of `random_draws` with each of `budgets` int64 (M,), in the unit of the spec.

    int64, float64 and int64 (M,).
    """
    curves = _curves(session, spec, int(np.max(budgets)))
    covered = np.array([curve.at(np.maximum(budgets, curve.spent[0])) for curve in curves])
    return covered.min(0), np.median(covered, 0), covered.max(0)


def random_coverage(session: Session, selection: Selection) -> Band:
    """Lowest, median and highest coverage of random draws of as many samples as a selection has, or with its tokens."""
    spec = selection.spec
    return random_at(session, spec, len(selection.rows) if spec.unit == "samples" else spec.budget)


def random_at(session: Session, spec: SelectionSpec, budget: int) -> Band:
    """Lowest, median and highest coverage of `random_draws` with one budget, in the unit of the spec."""
    low, middle, high = random_band(session, spec, np.array([budget]))
    return int(low[0]), float(middle[0]), int(high[0])


def random_needed(session: Session, spec: SelectionSpec, covered: int) -> int:
    """The smallest budget, in the unit of the spec, with which random draws cover as many features at the median."""
    most, reach = session.total(spec.unit), spec.budget
    while _median(curves := _curves(session, spec, reach), reach) < covered and reach < most:
        reach = min(2 * reach, most)
    return min(bisect_left(range(1, reach + 1), True, key=lambda b: _median(curves, b) >= covered) + 1, most)


def _median(curves: list[Curve], budget: int) -> float:
    return float(np.median([curve.at(np.array([budget]))[0] for curve in curves]))


def _curves(session: Session, spec: SelectionSpec, most: int) -> list[Curve]:
    """What random draws cover, as far as a budget of `most` needs it at least, or until all is covered."""
    most = min(1 << max(most - 1, 0).bit_length(), session.total(spec.unit))  # few steps as a budget moves
    task = replace(by_method(spec, "random"), seed=0, budget=most, quotas=(), sets={})

    def curves() -> list[Curve]:
        matrix, found = session.matrix_of(spec), []
        cost, skip = costs(matrix, spec, session.info), ignored(matrix, spec)
        everything = int(np.count_nonzero((active_in(matrix, random_rows(matrix, task)) > 0) & ~skip))
        for seed in range(DRAWS):
            rows = random_rows(matrix, replace(task, seed=seed))
            spent = np.cumsum(cost[rows])
            rows = rows[: np.searchsorted(spent, most) + 1]
            covered = covered_counts(matrix.indptr, matrix.feature, rows, skip, everything)
            found.append(Curve(spent[: len(covered)].copy(), covered))
        return found

    return session.remember(("draws", repr(task)), curves)
