"""Any method within quotas: its own picks, step by step, with what is full banned and what is short first.

A method honours pins and bans, so it can be stopped where a group fills up, and go on from its picks as if they were
pinned. What it gives is what it would give if it looked at the quotas at each pick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.bounds import Bounds, unmet
from core.selection.constraints import available, pins
from core.selection.inputs import SampleInfo, costs
from core.selection.picks import finish
from core.selection.registry import METHODS

AT_ONCE = 64  # picks asked of a nested method at first, then twice as many as were taken


@dataclass
class Picks:
    """The picks so far. rows int64 (K,), rounds int32 (K,); taken: of each Bounds what its groups have, int64 (G,)."""

    rows: np.ndarray
    rounds: np.ndarray
    taken: list[np.ndarray]


def select_within(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, bounds: Sequence[Bounds]
) -> Selection:
    """The method of `spec` within bounds: the pins, then picks of groups that are short until none is, then any that
    fit. `details` has the bounds, and `free`: how many picks no least asked for.

    With a monotone submodular value and one grouping in samples, greedy has at least half of the best that the bounds
    allow (Fisher, Nemhauser and Wolsey 1978). Raises SelectionError if a least cannot be met, or nothing fits.
    """
    picks, found, free = _picked(matrix, spec, samples, [(bounds, True), (bounds, False)])
    if unmet(bounds, picks.rows):  # first what overlaps: its samples fill places of the others too
        first = [one if (one.label < 0).any() else replace(one, least=np.zeros_like(one.least)) for one in bounds]
        picks, found, free = _picked(matrix, spec, samples, [(first, True), (bounds, True), (bounds, False)])
    if sentence := unmet(bounds, picks.rows):
        raise SelectionError(sentence)
    if found is None:
        raise SelectionError(f"The quotas {', '.join(spec.quotas)} leave room for no sample: allow more of one group.")
    details = {**found.details, "bounds": tuple(bounds), "free": free}
    return finish(matrix, spec, picks.rows, picks.rounds, found.weight, details)


def _picked(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    samples: SampleInfo | None,
    steps: Sequence[tuple[Sequence[Bounds], bool]],
) -> tuple[Picks, Selection | None, int]:
    """The pins, then what each of `steps` adds: picks within its bounds, of groups that are short alone if it says so.
    The picks, what the method gave last if there are any, and how many picks the last step added.
    """
    allowed, cost = available(matrix, spec), costs(matrix, spec, samples)
    first, found, before = pins(spec), None, 0  # found: what the method gave at the last step
    picks = Picks(first, np.ones(len(first), np.int32), [one.taken(first) for one in steps[-1][0]])
    for among, short in steps:
        ahead, before = AT_ONCE, len(picks.rows)
        while (open_ := _open(spec, allowed, cost, among, picks, short)).any():
            found = METHODS[spec.method](matrix, _step(spec, cost, picks, open_, ahead), samples)
            n = _take(among, picks, found, short)
            if not n:
                break
            ahead = max(AT_ONCE, 2 * n)
        picks.rounds = np.ones_like(picks.rounds) if short else picks.rounds  # as pins: what follows adds to them
    if found is None and len(picks.rows):  # the pins are all: what else the method has to say
        nobody = np.zeros(matrix.n_samples, bool)
        found = METHODS[spec.method](matrix, _step(spec, cost, picks, nobody, AT_ONCE), samples)
    return picks, found, len(picks.rows) - before


def _open(
    spec: SelectionSpec, allowed: np.ndarray, cost: np.ndarray, bounds: Sequence[Bounds], picks: Picks, short: bool
) -> np.ndarray:
    """Who of those allowed bool (N,) may come next, only of groups that are short if so asked: bool (N,)."""
    open_ = allowed & (cost <= spec.budget - cost[picks.rows].sum())
    open_[picks.rows] = False
    wanted = np.zeros_like(open_)
    for one, taken in zip(bounds, picks.taken, strict=True):
        open_ &= one.fits(taken)
        wanted |= one.short(taken)
    return open_ & wanted if short else open_


def _step(spec: SelectionSpec, cost: np.ndarray, picks: Picks, open_: np.ndarray, ahead: int) -> SelectionSpec:
    """The request that goes on from `picks` among open_ bool (N,): those of the round that is going on are its pins,
    those of earlier rounds are over, so they and what they took of the budget are gone.
    """
    now = picks.rounds == picks.rounds[-1:].max(initial=1)
    earlier, current = picks.rows[~now], picks.rows[now]
    barred = ~open_
    barred[current] = False
    budget = spec.budget - int(cost[earlier].sum())
    if spec.unit == "samples" and METHODS[spec.method].nested:  # what comes later does not change what comes first
        budget = min(budget, len(current) + ahead)
    bans = tuple(np.flatnonzero(barred).tolist())
    return replace(spec, quotas=(), pins=tuple(current.tolist()), bans=bans, budget=budget)


def _take(bounds: Sequence[Bounds], picks: Picks, found: Selection, short: bool) -> int:
    """Add to `picks` the new ones of `found` up to the first that does not fit, or is not wanted any more; how many."""
    new, n = found.rows[len(found.spec.pins) :], 0
    for row in new.tolist():
        groups = [(one, taken, one.label[row]) for one, taken in zip(bounds, picks.taken, strict=True)]
        groups = [(one, taken, g) for one, taken, g in groups if g >= 0]
        if any(taken[g] + one.cost[row] > one.most[g] for one, taken, g in groups):
            break
        if short and not any(taken[g] < one.least[g] for one, taken, g in groups):
            break
        for one, taken, g in groups:
            taken[g] += one.cost[row]
        n += 1
    last = int(picks.rounds[-1:].max(initial=1))
    start = len(found.spec.pins)
    picks.rows = np.concatenate([picks.rows, new[:n]])
    picks.rounds = np.concatenate([picks.rounds, found.round[start : start + n] + np.int32(last - 1)])
    return n
