"""The last steps of a store: derived tables, logit lens, map, θ."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core import __version__
from core.extract import projection
from core.extract.logit_lens import write_interpretation
from core.extract.pipeline import OnProgress, Pipeline, Progress, Scan
from core.extract.topics import notes_on_topics, write_topics
from core.features.kinds import kinds_of
from core.matrix.threshold import theta_table
from core.schema import SCOPES
from core.store.writer import StoreWriter


def finish(
    pipeline: Pipeline, writer: StoreWriter, todo: Scan, digest: str, facts: dict[str, Any], on_progress: OnProgress
) -> Path:
    """Derive the small tables, project the samples, choose θ, write meta and rename."""
    on_progress(Progress("Indexing features", 0, 1))
    writer.derive()
    indexed = time.time()
    lens = "Reading the features through the unembedding"
    write_interpretation(writer, pipeline.lm, pipeline.decoder, lambda n, of: on_progress(Progress(lens, n, of)))
    writer.note("interpret_seconds", time.time() - indexed)
    facts["interpret_seconds"] = writer.noted("interpret_seconds")
    on_progress(Progress("Drawing the map (UMAP)", 0, 1))
    matrix = writer.matrix(pipeline.n_features)
    x, y = projection.sample_map(matrix).T
    writer.table("projection", pa.table({"sample_id": np.arange(len(x), dtype=np.int32), "x": x, "y": y}))
    on_progress(Progress("Choosing θ", 0, 1))
    thetas = {"all": [asdict(row) for row in theta_table(matrix)]}
    for scope in SCOPES[1:] if pipeline.n_features else ():
        thetas[scope] = [asdict(row) for row in theta_table(writer.matrix(pipeline.n_features, scope))]
    topics = write_topics(writer, pipeline.topics, pipeline.config, on_progress)
    write_kinds(writer)
    meta = {
        "version": __version__,
        "config": asdict(pipeline.config),
        "n_samples": todo.n_samples,
        "n_features": pipeline.n_features,
        "n_blocks": pipeline.n_blocks,
        "digests": {"data": digest, **pipeline.digests},
        "warnings": [*todo.warnings, *(pipeline.sae.notes if pipeline.sae else ()), *notes_on_topics(topics)],
        "thetas": thetas.pop("all"),
        "scope_thetas": thetas,
        "topics": topics,
        **facts,
    }
    path = writer.finish(meta)
    on_progress(Progress("Done", 1, 1))
    return path


def write_kinds(writer: StoreWriter) -> None:
    """Write of what kind each token feature is that was ever active."""
    kinds = kinds_of(writer.db)
    columns = {"feature_id": pa.array(kinds.keys(), pa.int32()), "kind": pa.array(kinds.values(), pa.string())}
    writer.table("kinds", pa.table(columns))
