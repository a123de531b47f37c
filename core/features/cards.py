"""A feature's card: how common it is, where it is active, which features are like it, what to be wary of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.matrix.postings import having, samples_per_feature, samples_with
from core.matrix.statistics import active_in
from core.schema import FeatureMatrix
from core.store.reader import FeatureStore

STRONGEST, DRAWN = 10, 5  # samples of a topic: those with the largest values, and from each third below them
NEIGHBOURS = 8
ALIKE = 0.2  # least cosine of neighbours' directions; of random ones in 576 dimensions one in a million is as large
SUPPORT = 5  # samples two features must share before their co-firing counts
EVERYWHERE = 0.9  # density from which a feature tells samples apart no more
MOSTLY = 0.8  # share of the strongest contexts that makes a pattern
NOWHERE = "It is active in no sample."


@dataclass(frozen=True)
class Neighbour:
    """Another feature and how near it is: pointwise mutual information in bits, or cosine."""

    feature: int
    value: float


@dataclass(frozen=True)
class Card:
    """What there is to know of a feature of either lens at a scope and θ.

    density: share of the samples; values float32: the largest in each sample that has it; cofiring, alike: features
    active in the same samples, and of a similar decoder direction; flags: sentences.
    """

    feature: int
    density: float
    values: np.ndarray
    cofiring: list[Neighbour]
    alike: list[Neighbour]
    flags: list[str]


@dataclass(frozen=True)
class FeatureCard(Card):
    """The card of a token feature. shares: of the samples, by segment (prompt, response, later); contexts and lens as
    the store gives them.
    """

    shares: dict[str, float]
    contexts: list[dict[str, Any]]
    lens: dict[str, list[tuple[str, float]]]


@dataclass(frozen=True)
class TopicCard(Card):
    """The card of a topic, with its samples as `topic_samples` gives them."""

    samples: dict[str, tuple[np.ndarray, np.ndarray]]


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
    contexts, known = store.contexts(feature), common(matrix, feature, directions)
    return FeatureCard(
        **known,
        flags=flags(known["density"], contexts),
        shares=store.segment_shares(feature, theta),
        contexts=contexts,
        lens=store.logit_lens(feature),
    )


def topic_card(matrix: FeatureMatrix, topic: int, directions: np.ndarray | None = None) -> TopicCard:
    """The card of a topic; directions float32 (F, d): those of the topics' decoder, each of length 1."""
    known = common(matrix, topic, directions)
    return TopicCard(**known, flags=spread_flags(known["density"]), samples=topic_samples(matrix, topic))


def common(matrix: FeatureMatrix, feature: int, directions: np.ndarray | None) -> dict[str, Any]:
    """What the cards of both lenses have."""
    rows = samples_with(matrix, feature)
    return {
        "feature": feature,
        "density": len(rows) / max(matrix.n_samples, 1),
        "values": having(matrix, feature, rows)[1],
        "cofiring": cofiring_neighbours(matrix, feature),
        "alike": alike(directions, feature, samples_per_feature(matrix) > 0),
    }


def topic_samples(matrix: FeatureMatrix, topic: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Samples that show what a topic is: rows int64 and values float32 of each group, the largest value first.

    The STRONGEST; and of the middle and the lower third of all that have the topic, as far as those are not among them,
    DRAWN each by a draw that is the same for the same topic. Among equal values the lowest row comes first.
    """
    rows, value = having(matrix, topic, samples_with(matrix, topic))
    order, n, rng = np.argsort(-value, kind="stable"), len(rows), np.random.default_rng([0, topic])
    groups = {"strongest": order[:STRONGEST]}
    for name, first, last in (("middle third", n // 3, 2 * n // 3), ("lower third", 2 * n // 3, n)):
        third = order[max(first, STRONGEST) : last]
        groups[name] = third[np.sort(rng.choice(len(third), min(DRAWN, len(third)), replace=False))]
    return {name: (rows[places], value[places]) for name, places in groups.items()}


def cofiring_neighbours(matrix: FeatureMatrix, feature: int) -> list[Neighbour]:
    """The features that fire in the same samples most above chance: PMI = log2 P(f, g) / P(f) P(g), largest first.

    Only those that share SUPPORT samples and a tenth of this feature's count: PMI overrates rare events (Church and
    Hanks 1990). Ties go to the lowest feature.
    """
    rows = samples_with(matrix, feature)
    together = active_in(matrix, rows)
    together[feature] = 0
    found = np.flatnonzero(together >= max(SUPPORT, len(rows) / 10))
    counts = samples_per_feature(matrix)[found]
    pmi = np.log2(together[found] * float(matrix.n_samples) / (counts * float(max(len(rows), 1))))
    best = np.lexsort((found, -pmi))[:NEIGHBOURS]
    return [Neighbour(int(found[i]), float(pmi[i])) for i in best if pmi[i] > 0]


def alike(directions: np.ndarray | None, feature: int, active: np.ndarray) -> list[Neighbour]:
    """Of the features that are active, bool (F,), those whose directions have the largest cosine with this one's.

    directions float32 (F, d): each of length 1. Only those that are ALIKE at least; ties go to the lowest feature.
    """
    if directions is None:
        return []
    cosine = np.where(active, directions @ directions[feature], 0)
    cosine[feature] = 0
    best = np.argsort(-cosine, kind="stable")[:NEIGHBOURS]
    return [Neighbour(int(f), float(cosine[f])) for f in best if cosine[f] >= ALIKE]


def flags(density: float, contexts: list[dict[str, Any]]) -> list[str]:
    """What makes a token feature a poor reason to pick a sample, one sentence each."""
    strongest = [c for c in contexts if c["bin"] == 0]
    if not strongest:
        return [NOWHERE]
    out = spread_flags(density)
    tokens = {c["pieces"][c["peak"]].strip().casefold() for c in contexts}
    if len(contexts) >= SUPPORT and len(tokens) == 1:
        out.append("All its contexts peak on one token string.")
    edge = np.mean([c["edge"] for c in strongest])
    if len(strongest) >= SUPPORT and edge >= MOSTLY:
        out.append(f"{edge:.0%} of its strongest peaks touch the chat template: it may mark position, not content.")
    return out


def spread_flags(density: float) -> list[str]:
    """What makes a feature of either lens a poor reason because of the share of the samples that have it."""
    if density >= EVERYWHERE:
        return [f"It is active in {density:.0%} of the samples: it hardly tells them apart."]
    return [] if density else [NOWHERE]
