"""What the model and the SAE of a store make of a text: the values that extraction would have stored of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.errors import ModelError
from core.extract.states import content
from core.extract.token_values import pipeline_of, tokenized
from core.extract.vectors import encoded, halved, mean_by_segment
from core.schema import SCOPES, SEGMENTS, Sample
from core.session.session import Session
from core.store.tables import VECTORS
from core.topics.model import TopicSAE

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline

Reader = Callable[[Sample], Mapping[int, float]]  # the features of a sample, each with its value


def reader_of(session: Session, lens: str, scope: str) -> Reader:
    """A function that runs a store's model and the SAE of a lens on a sample, as extraction does.

    Raises ModelError if one of them is not at hand or has changed since, StoreError for a lens or a scope that the
    store does not have.
    """
    session.store.require(lens, scope)
    topics, pipeline = session.topics() if lens == "topics" else None, pipeline_of(session.store)
    if lens == "topics" and topics is None:
        folder = session.store.meta["topics"]["folder"]
        raise ModelError(f"The SAE of the topics is not at {folder} any more: nothing can be checked for a topic.")
    return lambda sample: values_of(sample, pipeline, topics, scope)


def values_of(sample: Sample, pipeline: Pipeline, topics: TopicSAE | None, scope: str) -> dict[int, float]:
    """The topics of a sample over a scope, or without `topics` its token features, each with its value > 0."""
    item = tokenized(sample, pipeline)
    segments, (of, token), states = content(pipeline, [item])
    segment = segments[of, token]
    if topics is not None:
        given = pipeline.encoder
        vectors = encoded(given, [sample], [item]) if given else mean_by_segment(states, of, segment, 1)
        found = topics.encode(halved(vectors[VECTORS[SCOPES.index(scope)]]))
        return dict(zip(found.feature.tolist(), found.value.tolist(), strict=True))
    at, feature, value = pipeline.triples(states)
    within = np.ones(len(at), bool) if scope == "all" else segment[at] == SEGMENTS.index(scope)
    largest: dict[int, float] = {}
    for f, v in zip(feature[within].tolist(), value[within].tolist(), strict=True):
        largest[f] = max(v, largest.get(f, 0.0))
    return largest
