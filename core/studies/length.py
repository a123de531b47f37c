"""Length, or another column of numbers, against features: the correlation with its interval, by θ, and controlled."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.matrix import tallies
from core.matrix.statistics import midranks, pearson, percentile_interval, spearman
from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.session.session import Session
from core.store.queries import segment_counts
from core.store.reader import FeatureStore

RESAMPLES, MOST_DRAWN = 1_000, 2_000
NORMAL = 1.959963984540054  # a 95 % interval reaches so many standard errors to either side


@dataclass(frozen=True)
class Interval:
    """An estimate and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Correlation:
    """Pearson's and Spearman's r between tokens and active features over n samples; nan where one does not vary."""

    pearson: Interval
    spearman: Interval
    n: int


@dataclass(frozen=True)
class ThetaCorrelation:
    """r between tokens and active features at one θ, and the mean number of active features that it leaves."""

    quantile: float
    theta: float
    mean_active: float
    pearson: float
    spearman: float


# --- correlation


def scope_tokens(store: FeatureStore, scope: str) -> np.ndarray:
    """Tokens of each sample that the features of a scope (all, prompt, response) were read from: int64 (N,)."""
    columns = store.sample_columns(*(f"n_read_{part}" for part in (SEGMENTS if scope == "all" else [scope])))
    return np.sum(list(columns.values()), axis=0).astype(np.int64)


def scope_counts(session: Session, theta: float) -> dict[str, np.ndarray]:
    """Active features of each sample in every scope, int64 (N,); those of the segments counted by the store at once."""
    counts = segment_counts(session.store, theta)
    return {SCOPES[0]: session.matrix(SCOPES[0], theta).counts} | dict(zip(SEGMENTS, counts, strict=False))


def scope_correlations(session: Session, theta: float, seed: int = 0) -> dict[str, Correlation]:
    """`correlation` of every scope at θ, the scopes side by side in threads."""
    counts = scope_counts(session, theta)
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda s: correlation(scope_tokens(session.store, s), counts[s], seed), counts)
        return dict(zip(counts, found, strict=True))


def correlation(tokens: np.ndarray, counts: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> Correlation:
    """r of tokens (N,), or other numbers, and active features (N,) with bootstrap percentile intervals; ranks are taken
    anew each time. Samples whose number is not finite are left out.

    Of more than MOST_DRAWN samples a resample draws only m = MOST_DRAWN, and deviations shrink by √(m / N): the
    m-out-of-n bootstrap (Bickel, Götze and van Zwet 1997).
    """
    known = np.isfinite(tokens)
    tokens, counts = tokens[known], counts[known]
    (x, x_codes), (y, y_codes) = (np.unique(v, return_inverse=True) for v in (tokens, counts))
    n, m = len(tokens), min(len(tokens), MOST_DRAWN)
    point = np.array([pearson(tokens, counts), spearman(tokens, counts)])
    ends = np.full((2, 2), np.nan)
    if len(x) > 1 and len(y) > 1:
        codes = x.astype(float), x_codes.astype(np.int32), y.astype(float), y_codes.astype(np.int32)
        drawn = tallies.resampled_r(np.random.default_rng(seed), *codes, m, resamples)
        ends = np.array(percentile_interval(drawn))
    low, high = np.clip(point + (ends - point) * np.sqrt(m / max(n, 1)), -1, 1).tolist()
    of_values, of_ranks = (Interval(r, a, b) for r, a, b in zip(point.tolist(), low, high, strict=True))
    return Correlation(of_values, of_ranks, n)


def controlled(values: np.ndarray, counts: np.ndarray, tokens: np.ndarray) -> Interval:
    """Pearson's r of values (N,) and active features (N,) among samples of like length (N,): the partial correlation,
    with the interval of Fisher's z (1924). Over the samples whose value is finite; nan where one does not vary.
    """
    known = np.isfinite(values)
    x, y, z = (np.asarray(one, np.float64)[known] for one in (values, counts, tokens))
    xy, xz, yz = pearson(x, y), pearson(x, z), pearson(y, z)
    left = (1 - xz**2) * (1 - yz**2)
    r = float(np.clip((xy - xz * yz) / np.sqrt(left), -1, 1)) if left > 1e-12 else float("nan")
    reach = NORMAL / np.sqrt(len(x) - 4) if len(x) > 4 else np.inf
    with np.errstate(divide="ignore"):
        low, high = np.tanh(np.arctanh(r) + np.array([-reach, reach])).tolist()
    return Interval(r, low, high)


def by_theta(
    matrix: FeatureMatrix, tokens: np.ndarray, quantiles: Sequence[float], thetas: Sequence[float]
) -> list[ThetaCorrelation]:
    """r of tokens (N,), or other numbers, at each of the ascending thetas (quantiles: what to call them), in one pass
    over the entries; over the samples whose number is finite.
    """
    known = np.isfinite(tokens)
    counts = tallies.counts_above(matrix.indptr, matrix.value, np.asarray(thetas, np.float64))[:, known]
    tokens = tokens[known]
    rank = midranks(np.unique(tokens, return_inverse=True)[1])
    return [
        ThetaCorrelation(q, theta, float(c.mean()), pearson(tokens, c), pearson(rank, midranks(c)))
        for q, theta, c in zip(quantiles, thetas, counts, strict=True)
    ]
