"""Diversity beyond length: greedy coverage with the advantage of long samples taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates
from core.selection.inputs import SampleInfo
from core.selection.picks import finish
from core.selection.run import select
from core.session.budgets import random_at
from core.session.session import Session, by_method
from core.studies.matched_sets import length_bins

BINS = 10
EXPECTED = "1 / features expected at this length"


@dataclass(frozen=True)
class Beyond:
    """A selection beside the others of its size: features covered, mean tokens, and the correlation of being picked
    with length (point-biserial r over all samples, nan if all or none are picked)."""

    name: str
    samples: int
    covered: int
    mean_tokens: float
    r: float


def in_length_bins(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, length: np.ndarray, bins: int = BINS
) -> Selection:
    """Greedy with the budget divided evenly over bins of length (quantiles), the shortest samples first.

    What earlier bins cover is covered for later ones: greedy under a partition matroid (Fisher, Nemhauser and Wolsey
    1978), bin after bin. Places that a bin cannot fill go to the next. Raises SelectionError for a budget in tokens.
    """
    if spec.unit != "samples":
        raise SelectionError("Greedy in length bins needs a budget in samples.")
    spec = replace(spec, method="sae-greedy", options={}, quotas=())
    of, picked = length_bins(length, bins), tuple(dict.fromkeys(spec.pins))
    budget = min(spec.budget, matrix.n_samples)
    levels = np.unique(of)
    for done, level in enumerate(levels, 1):
        wanted = round((budget - len(spec.pins)) * done / len(levels)) + len(spec.pins)
        picked = _go_on(matrix, spec, samples, picked, of == level, wanted)
    picked = _go_on(matrix, spec, samples, picked, np.ones(len(of), bool), budget)
    rows = np.array(picked, np.int64)
    return finish(matrix, spec, rows, np.ones(len(rows), np.int32))


def _go_on(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    samples: SampleInfo | None,
    picked: tuple[int, ...],
    open_: np.ndarray,
    budget: int,
) -> tuple[int, ...]:
    """The picks with more of the samples open_ bool (N,) up to `budget` in all; fewer if there are no more."""
    open_ = open_ & candidates(matrix, replace(spec, pins=picked))
    if budget <= len(picked) or not open_.any():
        return picked
    closed = ~open_
    closed[list(picked)] = False
    bans = tuple(np.flatnonzero(closed).tolist())
    return tuple(select(matrix, replace(spec, pins=picked, bans=bans, budget=budget), samples).rows.tolist())


def by_relative_gain(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo, length: np.ndarray) -> Selection:
    """Greedy on the gain divided by the features that a sample of this length is expected to have.

    A long sample must bring more than its length promises. It is sae-greedy with that divisor as option `quality`.
    """
    scores = {**samples.scores, EXPECTED: 1 / np.maximum(expected_counts(matrix.counts, length), 1)}
    task = replace(spec, method="sae-greedy", options={"quality": EXPECTED})
    return select(matrix, task, replace(samples, scores=scores))


def expected_counts(counts: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Expected active features of each sample given its length, float64 (N,): isotonic regression, never falling."""
    from scipy.optimize import isotonic_regression

    _, code, size = np.unique(length, return_inverse=True, return_counts=True)
    mean = np.bincount(code, counts) / size
    return isotonic_regression(mean, weights=size).x[code]


def beyond(matrix: FeatureMatrix, sets: dict[str, np.ndarray], tokens: np.ndarray, length: np.ndarray) -> list[Beyond]:
    """One line for each set of rows: what it covers, its mean tokens, and r of being picked with length (N,)."""
    lines = []
    for name, rows in sets.items():
        picked = np.zeros(matrix.n_samples)
        picked[rows] = 1
        covered = len(np.unique(matrix.feature[np.repeat(picked > 0, matrix.counts)]))
        varies = 0 < len(rows) < matrix.n_samples and np.ptp(length) > 0
        r = float(np.corrcoef(picked, length)[0, 1]) if varies else float("nan")
        lines.append(Beyond(name, len(rows), covered, float(tokens[rows].mean()) if len(rows) else float("nan"), r))
    return lines


def beyond_lines(session: Session, spec: SelectionSpec, length: np.ndarray) -> list[Beyond]:
    """Greedy with the effect of length (N,) taken away in two ways, beside greedy, the longest responses and a random
    draw, all with the number of samples that `spec` selects.
    """
    matrix, info = session.matrix_of(spec), session.info
    spec = replace(spec, unit="samples", budget=len(session.selection(spec).rows))
    rows = {m: session.selection(by_method(spec, m)).rows for m in ("sae-greedy", "longest-response", "random")}
    rows["greedy in length bins"] = in_length_bins(matrix, spec, info, length).rows
    rows["greedy by relative gain"] = by_relative_gain(matrix, spec, info, length).rows
    return beyond(matrix, rows, info.tokens, length)


def random_with_tokens(session: Session, spec: SelectionSpec, tokens: int) -> float:
    """How many features random samples with so many tokens cover: the median of the draws of session.budgets."""
    return random_at(session, replace(spec, unit="tokens", budget=tokens), tokens)[1]
