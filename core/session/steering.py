"""What a selection can be steered by: groups that quotas bound, and the features that set some samples apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.matrix.statistics import active_in
from core.schema import LARGEST_BOOST, FeatureMatrix, Selection, SelectionSpec
from core.selection.bounds import FREE, MOST_GROUPS, Bounds, bounds_of
from core.selection.constraints import available
from core.selection.inputs import costs
from core.selection.quotas import ABOVE, MARKED
from core.session.decided import decided
from core.session.labels import label_columns
from core.session.search import source_names
from core.session.session import Session
from core.workspace.decisions import WorkspaceState

BY_EXAMPLES = ("nearest", "jaccard", "reference-guided")  # methods that go by targets
SET_APART = 50  # features that weigh more for a group of samples, at most


@dataclass(frozen=True)
class Share:
    """How much of a group there is: samples int, and its share of all samples; of the budget, in its unit, what is kept
    of it, and what the quotas ask for and allow at least and at most; None for no bound, or one in another unit.
    """

    group: str
    samples: int
    kept: int
    in_data: float
    of_budget: float
    least: float | None = None
    most: float | None = None


def groupings(session: Session, state: WorkspaceState) -> list[str]:
    """What tells samples apart here: source, topic, language, cluster, columns of the data, sets, tags, scores."""
    columns = session.remember("label columns", lambda: label_columns(session.store))
    several = len(source_names(session)) > 1
    topic = ["topic"] if "topics" in session.store.lenses else []
    found = [*(["source"] if several else []), *topic, "language", "cluster"]
    found += [name for name in columns if name not in found]
    found += [kind for kind, known in zip(MARKED, (state.sets, state.tags), strict=True) if known]
    return [*found, *([ABOVE] if session.info.scores else [])]


def groups(session: Session, state: WorkspaceState, by: str) -> dict[str, np.ndarray]:
    """The groups of a grouping with their rows int64, the largest first, sets and tags as they were made; of scores
    there are none until they are asked for. Raises SelectionError for a grouping that there is not.
    """
    if by in MARKED:
        known = state.sets if by == "set" else state.tags
        return {name: np.array(rows, np.int64) for name, rows in known.items()}
    labels = session.info.labels
    if by == ABOVE or labels is None:
        return {}
    return session.remember(("groups of", by), lambda: labelled(labels(by)))


def labelled(labels: np.ndarray) -> dict[str, np.ndarray]:
    """The rows int64 of each label of text (N,), the largest group first, at most MOST_GROUPS."""
    names, label = np.unique(labels, return_inverse=True)
    sizes = np.bincount(label, minlength=len(names))
    rows = np.split(np.argsort(label, kind="stable"), np.cumsum(sizes)[:-1])
    return {str(names[g]): rows[g] for g in np.argsort(-sizes, kind="stable").tolist()[:MOST_GROUPS]}


def shares(session: Session, state: WorkspaceState, asked: SelectionSpec, kept: Selection, by: str) -> list[Share]:
    """What of each group of a grouping is in the data and kept, with what the quotas of `asked` come to.

    Raises SelectionError for quotas that contradict each other.
    """
    cost = costs(session.matrix_of(asked), asked, session.info)
    bounds = [b for b in bounds_of(session.matrix_of(asked), asked, session.info) if b.by == by]
    found = groups(session, state, by)
    if by == ABOVE:
        found = {b.names[0]: np.flatnonzero(b.label == 0) for b in bounds}
    picked = np.zeros(session.store.n_samples, bool)
    picked[kept.rows] = True
    all_of = max(int(cost.sum()), 1)
    rows = ((name, rows, rows[picked[rows]]) for name, rows in found.items())
    return [
        Share(name, len(all_), len(own), cost[all_].sum() / all_of, cost[own].sum() / asked.budget,
              *bound_of(bounds, name, asked))
        for name, all_, own in rows
    ]  # fmt: skip


def bound_of(bounds: Sequence[Bounds], group: str, spec: SelectionSpec) -> tuple[float | None, float | None]:
    """The least and the most of a group as shares of the budget; None where there is no bound in its unit."""
    least, most = 0, FREE
    for one in bounds:
        if one.unit == spec.unit and group in one.names:
            g = one.names.index(group)
            least, most = max(least, int(one.least[g])), min(most, int(one.most[g]))
    return least / spec.budget if least else None, min(most / spec.budget, 1.0) if most < FREE else None


def told_short(session: Session, kept: Selection) -> str:
    """A sentence where quotas, and not the budget, keep out all samples that are left; "" where they do not."""
    spec, matrix = kept.spec, session.matrix_of(kept.spec)
    cost = costs(matrix, spec, session.info)
    spent = int(cost[kept.rows].sum())
    left = available(matrix, spec) & (cost <= spec.budget - spent)
    left[kept.rows] = False
    room = left.copy()
    for one in kept.details.get("bounds", ()):
        room &= one.fits(one.taken(kept.rows))
    if not left.any() or room.any():
        return ""
    what = "can be kept" if spec.unit == "samples" else "tokens can be spent"
    return f"Within these quotas only {spent:,} of the {spec.budget:,} {what}."


def set_apart(matrix: FeatureMatrix, rows: np.ndarray) -> dict[int, float]:
    """How much to boost the features that set some rows int64 apart: those that a larger share of them has than of all,
    at most SET_APART, from LARGEST_BOOST for the largest difference down to 1 in proportion. The largest first, ties to
    the lowest.
    """
    of_all = active_in(matrix, np.arange(matrix.n_samples)) / max(matrix.n_samples, 1)
    more = active_in(matrix, rows) / max(len(rows), 1) - of_all
    order = np.argsort(-more, kind="stable")[:SET_APART]
    order = order[more[order] > 0]
    factors = 1 + (LARGEST_BOOST - 1) * more[order] / max(more.max(initial=0), 1e-12)
    return {int(f): round(float(factor), 1) for f, factor in zip(order, factors, strict=True) if round(factor, 1) > 1}


def target_of(spec: SelectionSpec) -> str:
    """The set, tag or store that a request goes by; "" for none."""
    return str(spec.options.get("reference", ""))


def targeted(spec: SelectionSpec, state: WorkspaceState, name: str, method: str = BY_EXAMPLES[0]) -> SelectionSpec:
    """The request for what is like the samples of a set (set:NAME), a tag or another store, by one of BY_EXAMPLES."""
    options = spec.options if spec.method == method else {}
    return decided(replace(spec, method=method, options={**options, "reference": name}), state)
