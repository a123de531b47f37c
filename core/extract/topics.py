"""The topics of a store's samples: which SAE reads them, its activations, their names, their map and θ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from core.extract import projection
from core.extract.pipeline import OnProgress, Progress
from core.matrix.threshold import theta_table
from core.schema import SCOPES, ExtractConfig
from core.store.writer import StoreWriter
from core.topics.folders import named, own_folder
from core.topics.model import TopicSAE, load_topics
from core.topics.names import topic_names
from core.topics.train import LEAST_SAMPLES, TopicConfig, train_topics


def write_topics(
    writer: StoreWriter, given: TopicSAE | None, config: ExtractConfig, on_progress: OnProgress
) -> dict[str, Any] | None:
    """Write the topics of every sample that is in the store; what its meta says of them, None for too few samples.

    given: the SAE that reads the vectors; without one it is trained on the store's own. Harmless when repeated.
    """
    whole = writer.vectors("all")
    if given is None and np.count_nonzero(whole.any(1)) < LEAST_SAMPLES:
        return None
    topics = given or trained(writer.path.stem, whole, config, on_progress)
    on_progress(Progress("Reading the topics", 0, 1))
    found = {"all": topics.encode(whole)}
    for scope in SCOPES[1:]:
        if writer.has_vectors(scope):
            found[scope] = topics.encode(writer.vectors(scope))
    writer.write_topics(found, topic_names(found["all"], writer.texts()))
    on_progress(Progress("Drawing the map of topics (UMAP)", 0, 1))
    x, y = projection.vector_map(whole).T
    writer.table("topic_projection", pa.table({"sample_id": np.arange(len(x), dtype=np.int32), "x": x, "y": y}))
    return {
        "folder": named(topics.folder),
        "digest": topics.digest,
        "n_features": topics.n_features,
        "own": given is None,
        "thetas": {scope: [asdict(row) for row in theta_table(matrix)] for scope, matrix in found.items()},
    }


def trained(key: str, vectors: np.ndarray, config: ExtractConfig, on_progress: OnProgress) -> TopicSAE:
    """The topic SAE of one store's vectors: kept in the cache under the store's key, and trained only once."""
    folder = own_folder(key)
    if not folder.is_dir():
        wanted = TopicConfig(config.n_topics, config.topics_k)
        train_topics(
            vectors, wanted, folder, lambda *steps: on_progress(Progress("Learning topics", *steps)),
            config.vectors or config.model, config.hook_point,
        )  # fmt: skip
    return load_topics(folder)


def notes_on_topics(made: dict[str, Any] | None) -> Iterator[str]:
    """A sentence if there are no topics."""
    if made is None:
        yield f"There are no topics: they are learnt from at least {LEAST_SAMPLES} samples with tokens."
