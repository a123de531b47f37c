"""Length against features: the correlation with its interval, and which features the correlation consists of."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.matrix import tallies
from core.matrix.statistics import midranks, pearson
from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.session.session import Session
from core.store.places import Places
from core.store.reader import FeatureStore

RESAMPLES, MOST_DRAWN = 1_000, 2_000
EDGE, SHORTEST = 2, 9  # tokens at each end of a segment; how long it must be for the rest to outnumber those
KINDS = ("template or position", "punctuation", "content")


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


@dataclass(frozen=True)
class Decomposition:
    """Cov(length, active features) = Σ_f Cov(length, 1[f active]), exactly; F features.

    covariance: the left side. share float64 (F,): the part of it that is each feature's, summing to 1, nan if it is 0.
    order int64: the features that are ever active by share, largest first. density float64 (F,). with_it, without
    float64 (F,): mean length of the samples that have the feature and that have not, nan if there are none. half: how
    many of the first in `order` make up half of the covariance, 0 if it is not above 0.
    """

    covariance: float
    share: np.ndarray
    order: np.ndarray
    density: np.ndarray
    with_it: np.ndarray
    without: np.ndarray
    half: int


# --- correlation


def scope_tokens(store: FeatureStore, scope: str) -> np.ndarray:
    """Tokens of each sample that the features of a scope (all, prompt, response) are read from: int64 (N,)."""
    columns = store.sample_columns()
    names = {"prompt": ["n_prompt_tokens"], "response": ["n_response_tokens"]}
    parts = names.get(scope, ["n_prompt_tokens", "n_response_tokens", "n_later_tokens"])
    return np.sum([columns[name] for name in parts], axis=0).astype(np.int64)


def scope_counts(session: Session, theta: float) -> dict[str, np.ndarray]:
    """Active features of each sample in every scope, int64 (N,); those of the segments counted by the store at once."""
    found = session.store.query(
        f"""SELECT segment, sample_id, count(*) AS n FROM activations
        WHERE value > ? AND segment < {len(SCOPES) - 1} GROUP BY ALL""",
        [theta],
    ).fetchnumpy()
    counts = np.zeros((len(SCOPES) - 1, session.store.n_samples), np.int64)
    counts[found["segment"], found["sample_id"]] = found["n"]
    return {SCOPES[0]: session.matrix(SCOPES[0], theta).counts} | dict(zip(SEGMENTS, counts, strict=False))


def scope_correlations(session: Session, theta: float, seed: int = 0) -> dict[str, Correlation]:
    """`correlation` of every scope at θ, the scopes side by side in threads."""
    counts = scope_counts(session, theta)
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda s: correlation(scope_tokens(session.store, s), counts[s], seed), counts)
        return dict(zip(counts, found, strict=True))


def correlation(tokens: np.ndarray, counts: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> Correlation:
    """r of tokens (N,) and active features (N,) with bootstrap percentile intervals; ranks are taken anew each time.

    Of more than MOST_DRAWN samples a resample draws only m = MOST_DRAWN, and deviations shrink by √(m / N): the
    m-out-of-n bootstrap (Bickel, Götze and van Zwet 1997).
    """
    (x, x_codes), (y, y_codes) = (np.unique(v, return_inverse=True) for v in (tokens, counts))
    n, m = len(tokens), min(len(tokens), MOST_DRAWN)
    point = np.array([pearson(tokens, counts), pearson(midranks(tokens), midranks(counts))])
    ends = np.full((2, 2), np.nan)
    if len(x) > 1 and len(y) > 1:
        codes = x.astype(float), x_codes.astype(np.int32), y.astype(float), y_codes.astype(np.int32)
        drawn = tallies.resampled_r(np.random.default_rng(seed), *codes, m, resamples)
        ends = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    low, high = np.clip(point + (ends - point) * np.sqrt(m / max(n, 1)), -1, 1).tolist()
    return Correlation(*(Interval(r, a, b) for r, a, b in zip(point.tolist(), low, high, strict=True)), n)


def by_theta(
    matrix: FeatureMatrix, tokens: np.ndarray, quantiles: Sequence[float], thetas: Sequence[float]
) -> list[ThetaCorrelation]:
    """r at each of the ascending thetas (quantiles: what to call them), in one pass over the entries."""
    counts = tallies.counts_above(matrix.indptr, matrix.value, np.asarray(thetas, np.float64))
    rank = midranks(tokens)
    return [
        ThetaCorrelation(q, theta, float(c.mean()), pearson(tokens, c), pearson(rank, midranks(c)))
        for q, theta, c in zip(quantiles, thetas, counts, strict=True)
    ]


# --- what it consists of


def decomposition(matrix: FeatureMatrix, tokens: np.ndarray) -> Decomposition:
    """Whose covariance with length the covariance of tokens (N,) and active features is, in one pass over the entries.

    Cov(length, 1[f active]) = (Σ length of the samples with f − mean length · how many they are) / N.
    """
    tokens, n = np.asarray(tokens, np.float64), max(matrix.n_samples, 1)
    mean = tokens.mean() if len(tokens) else 0.0
    count, centred = tallies.feature_sums(matrix.indptr, matrix.feature, tokens - mean, matrix.n_features)
    part = centred / n
    covariance = float(part.sum())
    order = np.argsort(-part, kind="stable")
    order = order[count[order] > 0]
    rising = np.cumsum(part[order])
    half = int(np.argmax(rising >= covariance / 2)) + 1 if covariance > 0 else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        with_it, without = mean + centred / count, mean - centred / (matrix.n_samples - count)
        share = part / covariance if covariance else np.full(len(part), np.nan)
    without[count == matrix.n_samples] = np.nan
    return Decomposition(covariance, share, order, count / n, with_it, without, half)


def feature_kinds(
    store: FeatureStore, places: Places, features: Sequence[int], theta: float, scope: str = "all"
) -> list[str]:
    """The kind of each feature by a rule of two steps, the first that holds; KINDS has the names.

    template or position: at least half of its peaks above θ, in segments of SHORTEST tokens or more, lie among the
    first or last EDGE tokens of the segment. punctuation: most tokens at its strongest peaks have no letter or digit.
    """
    edge, marks = edge_share(store, places, features, theta, scope), mark_share(store, features)
    kind = np.where(edge >= 0.5, KINDS[0], np.where(marks > 0.5, KINDS[1], KINDS[2]))
    return kind.tolist()


def edge_share(
    store: FeatureStore, places: Places, features: Sequence[int], theta: float, scope: str = "all"
) -> np.ndarray:
    """Share of each feature's peaks that lie among the first or last EDGE tokens of a segment: float64, 0 for none.

    Of segments of at least SHORTEST tokens; in shorter ones the edges are as large as the middle.
    """
    features = np.asarray(features, np.int64)
    segment = f"AND segment = {SEGMENTS.index(scope)}" if scope in SEGMENTS else ""
    found = store.query(
        f"""SELECT feature_id, sample_id, peak FROM activations
        WHERE value > ? {segment} AND feature_id IN (SELECT unnest(?::INTEGER[]))""",
        [theta, features.tolist()],
    ).fetchnumpy()
    place, length = places.of(found["sample_id"], found["peak"])
    long = length >= SHORTEST
    edge = long & ((place < EDGE) | (place >= length - EDGE))
    peaks, at_edge = (np.bincount(found["feature_id"][m], minlength=store.n_features) for m in (long, edge))
    return at_edge[features] / np.maximum(peaks[features], 1)


def mark_share(store: FeatureStore, features: Sequence[int]) -> np.ndarray:
    """Share of the tokens at each feature's strongest peaks that have neither letter nor digit: float64."""
    found = store.query(
        r"""SELECT feature_id, avg(CAST(NOT regexp_matches(token, '[\p{L}\p{N}]') AS DOUBLE)) AS share FROM contexts
        WHERE feature_id IN (SELECT unnest(?::INTEGER[])) GROUP BY feature_id""",
        [[int(f) for f in features]],
    ).fetchnumpy()
    share = np.zeros(store.n_features)
    share[found["feature_id"]] = found["share"]
    return share[np.asarray(features, np.int64)]
