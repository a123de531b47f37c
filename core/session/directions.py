"""The directions that the features of a store's lenses stand for: the decoders of its SAEs, where they are at hand."""

from __future__ import annotations

import numpy as np

from core.matrix.statistics import unit_rows
from core.sae.loading import at_hand, decoder_directions
from core.store.reader import FeatureStore
from core.topics.folders import found_topics
from core.topics.model import TopicSAE


def topics_of(store: FeatureStore) -> TopicSAE | None:
    """The SAE of a store's topics; None where it has none, or its folder is gone or holds another one."""
    made = store.meta.get("topics") or {"folder": "", "digest": ""}
    return found_topics(made["folder"], made["digest"])


def directions(store: FeatureStore, lens: str) -> np.ndarray | None:
    """The decoder of a lens's SAE, rows of length 1, float32 (F, d_in); None where it is not at hand."""
    if lens == "topics":
        topics = topics_of(store)
        return None if topics is None else unit_rows(topics.decoder)
    meta = store.meta
    found = decoder_directions(at_hand(meta["config"].get("sae") or ""), meta["digests"].get("sae", ""))
    return None if found is None else unit_rows(found)
