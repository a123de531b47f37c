"""The longest samples against other sets of as many: features that differ, and what each set costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.matrix.covering import coverage_curve
from core.matrix.statistics import active_in, hypergeometric_two_sided
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.constraints import available
from core.session.budgets import Band, random_at
from core.session.session import Session, by_method

BINS, LEVEL = 20, 0.05  # bins of length to match on; false discovery rate
MATCHED = {"matched to the longest": "longest-response", "matched to greedy": "sae-greedy"}


@dataclass(frozen=True)
class Enrichment:
    """Features of one set of samples against another, of n_one and n_two samples that only one of them has.

    one, two int64 (F,): samples of each with the feature. q float64 (F,): p value of the hypergeometric test, adjusted
    by Benjamini and Hochberg over the features that either has, 1 for others. enriched, depleted int64: features with
    q ≤ LEVEL commoner in the first or in the second, smallest q first. only_one, only_two int64: features that only
    the first or only the second set reaches, the samples that both have included.
    """

    n_one: int
    n_two: int
    one: np.ndarray
    two: np.ndarray
    q: np.ndarray
    enriched: np.ndarray
    depleted: np.ndarray
    only_one: np.ndarray
    only_two: np.ndarray


@dataclass(frozen=True)
class Cost:
    """What a set of samples costs and covers; at equal tokens, the first of its samples that fit in `token_budget`."""

    name: str
    samples: int
    tokens: int
    mean_length: float
    covered: int
    tokens_a_feature: float
    token_budget: int
    samples_in_budget: int
    covered_in_budget: int


def enrichment(matrix: FeatureMatrix, rows: np.ndarray, others: np.ndarray) -> Enrichment:
    """Which features are commoner in `rows` than in `others`, by a two-sided hypergeometric test.

    Under the null hypothesis the samples of both (without those in both) were divided at random.
    """
    a, b = np.setdiff1d(rows, others), np.setdiff1d(others, rows)
    one, two = active_in(matrix, a), active_in(matrix, b)
    q = adjusted(one, two, len(a), len(b))
    order = np.argsort(q, kind="stable")
    order = order[q[order] <= LEVEL]
    more = one[order] * max(len(b), 1) > two[order] * max(len(a), 1)
    reach_one, reach_two = active_in(matrix, np.asarray(rows)) > 0, active_in(matrix, np.asarray(others)) > 0
    only = np.flatnonzero(reach_one & ~reach_two), np.flatnonzero(reach_two & ~reach_one)
    return Enrichment(len(a), len(b), one, two, q, order[more], order[~more], *only)


def adjusted(one: np.ndarray, two: np.ndarray, n_one: int, n_two: int) -> np.ndarray:
    """q float64 (F,) of one, two int64 (F,), the samples with each feature of n_one and n_two: p of the two-sided
    hypergeometric test, by Benjamini and Hochberg over the features that either has; 1 for others.
    """
    from scipy.stats import false_discovery_control

    q, seen = np.ones(len(one)), np.flatnonzero(one + two)
    if len(seen) and n_one and n_two:
        p = hypergeometric_two_sided(one[seen], (one + two)[seen], n_one, n_one + n_two)
        q[seen] = false_discovery_control(p)
    return q


def comparable_sets(session: Session, spec: SelectionSpec) -> dict[str, np.ndarray]:
    """Rows of the longest, a random and the greedy set, and random ones of the same response lengths, by name.

    All of spec.budget samples (a budget in samples), under the vetoes, pins and bans of `spec`.
    """
    methods = ("longest-response", "random", "sae-greedy")
    sets = {method: session.selection(by_method(spec, method)).rows for method in methods}
    allowed = available(session.matrix_of(spec), spec)
    for name, method in MATCHED.items():
        sets[name] = length_matched(session.info.response_tokens, sets[method], allowed, spec.seed)
    return sets


def random_beside(session: Session, spec: SelectionSpec, tokens: int) -> tuple[Band, Band]:
    """What random draws of spec.budget samples cover, and of so many tokens; what is ignored counts, as in `costs`."""
    blocked = {feature: how for feature, how in spec.vetoes.items() if how == "block"}
    spec = replace(spec, vetoes=blocked, weights="uniform")
    return random_at(session, spec, spec.budget), random_at(
        session, replace(spec, unit="tokens", budget=tokens), tokens
    )


def length_matched(
    length: np.ndarray, rows: np.ndarray, allowed: np.ndarray, seed: int = 0, bins: int = BINS
) -> np.ndarray:
    """As many random other samples as `rows` in each bin of length: int64, in random order.

    Bins are quantiles of the length (N,). Where a bin has too few other samples among allowed bool (N,), the next
    shorter bins make up for it, then the next longer: of the longest samples, the ones after them in length.
    """
    rng, of = np.random.default_rng(seed), length_bins(length, bins)
    free = allowed.copy()
    free[rows] = False
    pool = rng.permutation(np.flatnonzero(free))
    pools = [pool[of[pool] == b] for b in range(bins)]
    take = np.bincount(of[rows], minlength=bins)
    size = np.array([len(p) for p in pools])
    for going in (range(bins - 1, -1, -1), range(bins)):
        missing = 0
        for b in going:
            wanted = take[b] + missing
            take[b] = min(wanted, size[b])
            missing = wanted - take[b]
        if not missing:
            break
        take[going[-1]] += missing  # the way back starts with what is left over
    take = np.minimum(take, size)
    return rng.permutation(np.concatenate([p[:n] for p, n in zip(pools, take, strict=True)]))


def length_bins(length: np.ndarray, bins: int) -> np.ndarray:
    """The bin of each sample, int64 (N,), 0 to bins − 1, between quantiles of the length (of its logarithm alike).

    Samples of one length share a bin, so bins may be empty.
    """
    edges = np.quantile(length, np.arange(1, bins) / bins)
    return np.searchsorted(edges, length, side="left")


def costs(matrix: FeatureMatrix, sets: dict[str, np.ndarray], tokens: np.ndarray, length: np.ndarray) -> list[Cost]:
    """What each set (its rows in order) covers with all its samples, and within the tokens of the cheapest set.

    tokens int64 (N,) are paid; mean_length is that of length (N,).
    """
    budget = min(int(tokens[rows].sum()) for rows in sets.values())
    return [_cost(matrix, name, rows, tokens, length, budget) for name, rows in sets.items()]


def _cost(
    matrix: FeatureMatrix,
    name: str,
    rows: Sequence[int] | np.ndarray,
    tokens: np.ndarray,
    length: np.ndarray,
    budget: int,
) -> Cost:
    curve, spent = coverage_curve(matrix, rows), np.cumsum(tokens[rows])
    covered, total = int(curve[-1]) if len(curve) else 0, int(spent[-1]) if len(spent) else 0
    fits = int(np.searchsorted(spent, budget, side="right"))
    within = int(curve[fits - 1]) if fits else 0
    mean = float(length[rows].mean()) if len(rows) else float("nan")
    return Cost(name, len(rows), total, mean, covered, total / max(covered, 1), budget, fits, within)
