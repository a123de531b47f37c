"""A chunk of samples as the tables that the store takes: made where the model runs, written where the store is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.extract.vectors import LARGEST, halved
from core.lm.chat import SURROGATE, TokenizedSample
from core.schema import SEGMENTS, Sample
from core.store.contexts import Kept, lots
from core.store.originals import originals_table
from core.store.tables import VECTORS
from core.store.turns import starts
from core.store.writer import StoreWriter


@dataclass(frozen=True)
class Chunk:
    """The tables of consecutive samples, ordered as the store keeps them, and what is noted with them.

    candidates: contexts that may be kept, with their lots.
    """

    samples: pa.Table
    originals: pa.Table
    activations: pa.Table
    candidates: pa.Table
    noted: dict[str, float]


def store_chunk(writer: StoreWriter, chunk: Chunk) -> None:
    """Append a chunk in one transaction."""
    writer.write_chunk(chunk.samples, chunk.originals, chunk.activations, chunk.candidates, **chunk.noted)


def push(kept: Kept, candidates: pa.Table) -> None:
    """Raise the contexts' thresholds by those of a chunk."""
    kept.push(*(np.array(candidates[name]) for name in ("feature_id", "value", "lot")))


def chunk_of(
    chunk: list[Sample], items: list[TokenizedSample], parts: list[dict[str, np.ndarray]], first: int, begun: float
) -> Chunk:
    """Order a chunk's entries by sample, as Arrow tables.

    begun: when the work on the chunk began, seconds of `time.time`.
    """
    joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    at = np.argsort(joined["batch"])
    means = {name: joined[name][at] for name in VECTORS}
    cut = np.any([(np.abs(mean) > LARGEST).any(axis=1) for mean in means.values()], axis=0).sum()
    return Chunk(
        sample_table(chunk, items, {name: halved(mean) for name, mean in means.items()}, first),
        originals_table(chunk, first),
        entry_table(joined, first),
        candidate_table(joined, items, first),
        {"cut": int(cut), "restored": sum(i.restored for i in items), "seconds": time.time() - begun},
    )


def entry_table(joined: dict[str, np.ndarray], first: int) -> pa.Table:
    """The rows of the table `activations`: by sample, segment and feature."""
    order = np.lexsort((joined["feature"], joined["segment"], joined["sample"]))
    named = {"segment": "segment", "feature_id": "feature", "value": "value", "peak": "peak"}
    sample = (joined["sample"][order] + first).astype(np.int32)
    return pa.table({"sample_id": sample, **{name: joined[own][order] for name, own in named.items()}})


def candidate_table(joined: dict[str, np.ndarray], items: list[TokenizedSample], first: int) -> pa.Table:
    """The rows of the table `candidates`: by sample and feature."""
    contexts = np.lexsort((joined["context_feature"], joined["context_sample"]))
    owner, peaks = joined["context_sample"][contexts], joined["context_peak"][contexts]
    windows = [row[~np.isnan(row)] for row in joined["windows"][contexts]]
    return pa.table(
        {
            "feature_id": joined["context_feature"][contexts],
            "value": joined["context_value"][contexts],
            "sample_id": (owner + first).astype(np.int32),
            "lot": lots(owner + first, joined["context_feature"][contexts]),
            "peak": peaks,
            "start": joined["context_start"][contexts],
            "token": pa.array(
                [SURROGATE.sub("\ufffd", items[i].piece(at)) for i, at in zip(owner, peaks, strict=True)], pa.string()
            ),
            "values": pa.array(windows, pa.list_(pa.float32())),
        }
    )


def sample_table(
    chunk: list[Sample], items: list[TokenizedSample], vectors: dict[str, np.ndarray], first: int
) -> pa.Table:
    """The rows of the `samples` table. JSON is ASCII-escaped: lone surrogates in the data survive."""
    return pa.table(
        {
            "sample_id": pa.array(range(first, first + len(chunk)), pa.int32()),
            "source_row": pa.array([s.row for s in chunk], pa.int32()),
            "raw": [json.dumps(s.raw, default=str) for s in chunk],
            "messages": [json.dumps([m.stored() for m in s.messages]) for s in chunk],
            **starts(chunk),
            "id": [SURROGATE.sub("\ufffd", s.id) for s in chunk],
            "source": [SURROGATE.sub("\ufffd", s.source) for s in chunk],
            "scores": [json.dumps(dict(s.scores)) for s in chunk],
            "pieces": [json.dumps(i.pieces) for i in items],
            "segments": [i.segment.tobytes() for i in items],
        }
        | {name: pa.array(numbers, pa.int32()) for name, numbers in counts(items).items()}
        | {name: [row.tobytes() for row in mean] for name, mean in vectors.items()}
    )


def counts(items: list[TokenizedSample]) -> dict[str, list[int]]:
    """The token counts of samples, by column of COUNTS: of the whole sample, and of what was read of it."""
    whole = {f"n_{name}_tokens": [i.whole[name] for i in items] for name in SEGMENTS}
    read = {f"n_read_{name}": [i.count(name) for i in items] for name in SEGMENTS}
    return whole | {"n_tokens": [i.n_tokens for i in items], "n_read": [len(i.ids) for i in items]} | read
