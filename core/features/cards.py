"""A feature's card: how often and where it fires, what it promotes, which features are like it, what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.matrix.postings import having, postings, samples_with
from core.matrix.statistics import active_in
from core.schema import FeatureMatrix
from core.store.reader import FeatureStore

BARS = 12  # of a sparkline
NEIGHBOURS = 8
SUPPORT = 5  # samples two features must share before their co-firing counts
EVERYWHERE = 0.9  # density from which a feature tells samples apart no more
MOSTLY = 0.8  # share of the strongest contexts that makes a pattern


@dataclass(frozen=True)
class Neighbour:
    """Another feature and how near it is: pointwise mutual information in bits, or cosine."""

    feature: int
    value: float


@dataclass(frozen=True)
class FeatureCard:
    """All there is to know of one feature at a scope and θ.

    density: share of the samples; shares: of the samples, by segment (prompt, response, later); values float32: the
    largest in each sample; contexts and lens as the store gives them; flags: sentences.
    """

    feature: int
    density: float
    shares: dict[str, float]
    values: np.ndarray
    contexts: list[dict[str, Any]]
    lens: dict[str, list[tuple[str, float]]]
    cofiring: list[Neighbour]
    alike: list[Neighbour]
    flags: list[str]


def feature_card(
    store: FeatureStore,
    matrix: FeatureMatrix,
    theta: float,
    feature: int,
    directions: np.ndarray | None = None,
) -> FeatureCard:
    """The card of a token feature; directions float32 (F, d): those of the SAE's decoder, each of length 1.

    Raises StoreError for a store without token features.
    """
    store.require("tokens")
    rows = samples_with(matrix, feature)
    contexts = store.contexts(feature)
    density = len(rows) / max(matrix.n_samples, 1)
    return FeatureCard(
        feature=feature,
        density=density,
        shares=store.segment_shares(feature, theta),
        values=having(matrix, feature, rows)[1],
        contexts=contexts,
        lens=store.logit_lens(feature),
        cofiring=cofiring_neighbours(matrix, feature),
        alike=alike(directions, feature),
        flags=flags(density, contexts),
    )


def cofiring_neighbours(matrix: FeatureMatrix, feature: int) -> list[Neighbour]:
    """The features that fire in the same samples most above chance: PMI = log2 P(f, g) / P(f) P(g), largest first.

    Only those that share SUPPORT samples and a tenth of this feature's count: PMI overrates rare events (Church and
    Hanks 1990). Ties go to the lowest feature.
    """
    rows = samples_with(matrix, feature)
    together = active_in(matrix, rows)
    together[feature] = 0
    found = np.flatnonzero(together >= max(SUPPORT, len(rows) / 10))
    counts = np.diff(postings(matrix)[0])[found]
    pmi = np.log2(together[found] * float(matrix.n_samples) / (counts * float(max(len(rows), 1))))
    best = np.lexsort((found, -pmi))[:NEIGHBOURS]
    return [Neighbour(int(found[i]), float(pmi[i])) for i in best if pmi[i] > 0]


def alike(directions: np.ndarray | None, feature: int) -> list[Neighbour]:
    """The features whose directions float32 (F, d), each of length 1, have the largest cosine with this one's."""
    if directions is None:
        return []
    cosine = directions @ directions[feature]
    cosine[feature] = -np.inf
    return [Neighbour(int(f), float(cosine[f])) for f in np.argsort(-cosine, kind="stable")[:NEIGHBOURS]]


def flags(density: float, contexts: list[dict[str, Any]]) -> list[str]:
    """What makes a feature a poor reason to pick a sample, one sentence each."""
    strongest = [c for c in contexts if c["bin"] == 0]
    if not strongest:
        return ["It never fires in this data set."]
    out = []
    if density >= EVERYWHERE:
        out.append(f"It fires in {density:.0%} of the samples: it hardly tells them apart.")
    tokens = {c["pieces"][c["peak"]].strip().casefold() for c in contexts}
    if len(contexts) >= SUPPORT and len(tokens) == 1:
        out.append("All its contexts peak on one token string.")
    edge = np.mean([c["edge"] for c in strongest])
    if len(strongest) >= SUPPORT and edge >= MOSTLY:
        out.append(f"{edge:.0%} of its strongest peaks touch the chat template: it may mark position, not content.")
    return out


def sparklines(matrix: FeatureMatrix, features: np.ndarray) -> np.ndarray:
    """Histogram of each feature's values from θ to its largest, BARS bins: int64 (len(features), BARS)."""
    top = np.full(matrix.n_features, 1e-12, np.float32)
    np.maximum.at(top, matrix.feature, matrix.value)
    low = float(matrix.value.min(initial=np.inf))
    scaled = (matrix.value - low) / np.maximum(top[matrix.feature] - low, 1e-12)
    place = np.clip((scaled * BARS).astype(np.int64), 0, BARS - 1)
    counts = np.bincount(matrix.feature.astype(np.int64) * BARS + place, minlength=matrix.n_features * BARS)
    return counts.reshape(matrix.n_features, BARS)[features]
