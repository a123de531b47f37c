"""What quotas amount to for the samples at hand: for each group the least and the most that a selection has of it.

N samples, G groups of a grouping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.clustering import allocate
from core.selection.constraints import available, check_rows, pins
from core.selection.inputs import SampleInfo, columns, costs
from core.selection.quotas import ABOVE, EVERY, MARKED, Quota, group_told, parsed, threshold
from core.system.shown import many

MOST_GROUPS = 200
FREE = 2**62  # the most of a group that no quota bounds
EXACT = 1e-9  # what rounding may make of a percentage that comes to a whole number


@dataclass(frozen=True)
class Bounds:
    """What a selection may have of each group of a grouping.

    names: of the groups; label int32 (N,): the group of each sample, -1 for none; unit: samples or tokens, and cost
    int64 (N,): of each sample in it; least, most int64 (G,); asks, allows: the quota behind each of them, or nothing.
    """

    by: str
    names: tuple[str, ...]
    label: np.ndarray
    unit: str
    cost: np.ndarray
    least: np.ndarray
    most: np.ndarray
    asks: tuple[str, ...]
    allows: tuple[str, ...]

    def taken(self, rows: np.ndarray) -> np.ndarray:
        """How much of each group some rows are: int64 (G,)."""
        rows = rows[self.label[rows] >= 0]
        return np.bincount(self.label[rows], self.cost[rows], len(self.names)).astype(np.int64)

    def fits(self, taken: np.ndarray) -> np.ndarray:
        """Whether each sample still fits into its group: bool (N,)."""
        return (self.label < 0) | (self.cost <= (self.most - taken)[self.label])

    def short(self, taken: np.ndarray) -> np.ndarray:
        """Whether the group of each sample has less than its least: bool (N,)."""
        return (self.label >= 0) & (taken < self.least)[self.label]


def bounds_of(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> tuple[Bounds, ...]:
    """What the quotas of a spec amount to, one Bounds for each grouping and unit.

    Raises SelectionError for a quota that is none or names no group, and for quotas that cannot be met, saying which.
    """
    together: dict[tuple[str, str], list[Quota]] = {}
    for quota in map(parsed, spec.quotas):
        unit = quota.unit if quota.unit in ("samples", "tokens") else spec.unit
        together.setdefault((quota.by, unit), []).append(quota)
    found, allowed = [], available(matrix, spec)
    for (by, unit), quotas in together.items():
        cost = costs(matrix, replace(spec, unit=unit), samples)
        for of, names, label in groupings(matrix, spec, samples, by, quotas):
            bounds = bounded(allowed, spec, quotas, (of, names, label), (unit, cost))
            check_bounds(bounds, spec, allowed)
            found.append(bounds)
    return tuple(found)


def groupings(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, by: str, quotas: Sequence[Quota]
) -> Iterator[tuple[str, tuple[str, ...], np.ndarray]]:
    """(by, names of the groups, label int32 (N,)) of the groupings that `by` stands for; -1: in no group.

    What overlaps, sets, tags and scores above a threshold, is a grouping of its own each. Raises SelectionError for a
    group that there is not.
    """
    if by in MARKED:
        known = {name.partition(":")[2]: rows for name, rows in spec.sets.items() if name.startswith(f"{by}:")}
        check_names(by, tuple(known), quotas)
        for name, rows in known.items():
            check_rows(rows, matrix.n_samples)
            inside = np.zeros(matrix.n_samples, bool)
            inside[list(rows)] = True
            yield by, (name,), inside.astype(np.int32) - 1
        return
    if by == ABOVE:
        for group in dict.fromkeys(quota.group for quota in quotas):
            yield by, (group,), above(group, samples).astype(np.int32) - 1
        return
    if samples is None or samples.labels is None:
        raise SelectionError(f"A quota by {by} needs its values: pass samples=SampleInfo(..., labels=...).")
    names, label = np.unique(samples.labels(by).astype(str), return_inverse=True)
    if len(names) > MOST_GROUPS and any(quota.group == EVERY for quota in quotas):
        raise SelectionError(
            f"{by} has {len(names):,} values: a quota on all of them needs a column with at most {MOST_GROUPS}."
        )
    check_names(by, tuple(names.tolist()), quotas)
    yield by, tuple(names.tolist()), label.astype(np.int32)


def above(group: str, samples: SampleInfo | None) -> np.ndarray:
    """Which samples have a score as large as a group such as ifd@0.5 says: bool (N,); raises SelectionError."""
    column, least = threshold(group)
    known = samples.scores if samples else {}
    if column not in known:
        raise SelectionError(f"There is no score column {column!r} for a quota: {columns(known)}.")
    return np.asarray(known[column], np.float64) >= least


def check_names(by: str, names: tuple[str, ...], quotas: Sequence[Quota]) -> None:
    """Raise SelectionError for the first quota on a group that is none of `names`."""
    for quota in quotas:
        if quota.group not in (EVERY, *names):
            what = "a topic that is the strongest of no sample" if by == "topic" else f"no {by} of this data"
            have = f", or name one of {', '.join(names[:10])}{', …' if len(names) > 10 else ''}" if names else ""
            raise SelectionError(f"The quota {quota} names {what}: take it away{have}.")


def bounded(
    allowed: np.ndarray,
    spec: SelectionSpec,
    quotas: Sequence[Quota],
    grouping: tuple[str, tuple[str, ...], np.ndarray],
    costs_in: tuple[str, np.ndarray],
) -> Bounds:
    """The bounds that the quotas on one grouping come to, the strictest of several; allowed bool (N,): who may be kept.

    A least for every group is met by a small one with all that it has. Shares of a budget in tokens are upper bounds.
    """
    (by, names, label), (unit, cost) = grouping, costs_in
    size, has = (np.bincount(label[on], cost[on], len(names)) for on in (label >= 0, (label >= 0) & allowed))
    least, most = np.zeros(len(names), np.int64), np.full(len(names), FREE)
    asks, allows = [""] * len(names), [""] * len(names)
    for quota in quotas:
        among = range(len(names)) if quota.group == EVERY else [i for i, n in enumerate(names) if n == quota.group]
        low, high = limits(quota, spec, size, has.astype(np.int64))
        for g in among:
            if low[g] > least[g]:
                least[g], asks[g] = low[g], str(quota)
            if high[g] < most[g]:
                most[g], allows[g] = high[g], str(quota)
    return Bounds(by, names, label, unit, cost, least, most, tuple(asks), tuple(allows))


def limits(quota: Quota, spec: SelectionSpec, size: np.ndarray, has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the most, int64 (G,), that a quota means for groups of a size, of which `has` may be kept."""
    nothing, everything = np.zeros(len(size), np.int64), np.full(len(size), FREE)
    if quota.sign == "=":
        share = {"equal": (size > 0).astype(float), "data": size, "root": np.sqrt(size)}[quota.unit]
        places = allocate(share, has, spec.budget)
        return (places if spec.unit == "samples" else nothing), places
    amount = quota.amount * spec.budget / 100 if quota.unit == "percent" else quota.amount
    if quota.sign == "<=":
        return nothing, np.full(len(size), floor(amount + EXACT))
    wanted = np.full(len(size), ceil(amount - EXACT))
    return (np.minimum(wanted, has) if quota.group == EVERY else wanted), everything


def check_bounds(bounds: Bounds, spec: SelectionSpec, allowed: np.ndarray) -> None:
    """Raise SelectionError where the quotas on a grouping contradict each other, the budget, the data or the pins."""
    every, pinned = np.flatnonzero(allowed), bounds.taken(pins(spec))
    has, unit = bounds.taken(every), bounds.unit
    for g, name in enumerate(bounds.names):
        if bounds.least[g] > bounds.most[g]:
            raise SelectionError(f"The quotas {bounds.asks[g]} and {bounds.allows[g]} contradict each other ({name}).")
        if pinned[g] > bounds.most[g]:
            raise SelectionError(
                f"The pins hold {pinned[g]:,} {unit} of {group_told(bounds.by, name)}, and the quota "
                f"{bounds.allows[g]} allows {bounds.most[g]:,}: unpin some, or allow more."
            )
        if bounds.least[g] > has[g]:
            raise SelectionError(
                f"The quota {bounds.asks[g]} asks for {bounds.least[g]:,} {unit} of {group_told(bounds.by, name)}: "
                f"{has[g]:,} are there."
            )
    if unit != spec.unit:
        return
    wanted = int(np.maximum(bounds.least - pinned, 0).sum() + bounds.cost[pins(spec)].sum())
    if wanted > spec.budget:
        said = ", ".join(dict.fromkeys(filter(None, bounds.asks)))
        with_pins = ", with the pins," if len(spec.pins) else ""
        raise SelectionError(
            f"The quotas {said}{with_pins} ask for {wanted:,} {unit}, more than the budget of {spec.budget:,}."
        )


def unmet(bounds: Sequence[Bounds], rows: np.ndarray) -> str:
    """A sentence on the first least that the picks `rows` do not reach; "" where they reach all."""
    for one in bounds:
        taken = one.taken(rows)
        for g in np.flatnonzero(taken < one.least)[:1].tolist():
            return (
                f"The quota {one.asks[g]} is not met beside the budget and the other quotas: "
                f"{group_told(one.by, one.names[g])} comes to {taken[g]:,} of "
                f"{many(int(one.least[g]), one.unit.removesuffix('s'))}. Ask for less, or pin samples of it."
            )
    return ""


def full_groups(bounds: Sequence[Bounds], picks: np.ndarray, rows: np.ndarray) -> list[str]:
    """Of each of `rows` int64 the quota that leaves no room for it beside `picks`, nothing where there is room."""
    said = [""] * len(rows)
    for one in bounds:
        for i in np.flatnonzero(~one.fits(one.taken(picks))[rows]).tolist():
            said[i] = said[i] or one.allows[one.label[rows[i]]]
    return said
