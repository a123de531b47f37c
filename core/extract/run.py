"""The resumable batch loop: samples → language model → SAE → feature store."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.datasets.samples import data_digest
from core.extract.finish import finish
from core.extract.finished import find_finished, note_finished
from core.extract.notes import notes_on_reading
from core.extract.pipeline import OnProgress, Pipeline, Progress, Scan, cost, load, read, require_parts, scan
from core.extract.states import content
from core.extract.vectors import LARGEST, encoded, halved, mean_by_segment
from core.lm.batches import pack
from core.lm.chat import SURROGATE, TokenizedSample, tokenize
from core.schema import SEGMENTS, ExtractConfig, Sample
from core.store.contexts import Kept, lots, pool
from core.store.originals import originals_table
from core.store.tables import SCHEMA_VERSION, VECTORS
from core.store.writer import StoreWriter, writing_store
from core.system.files import cache_dir, require_space

CHUNK = 256  # samples in one transaction: what a crash can cost
BYTES_PER_SAMPLE = 12_000  # generous, for the check of free space


def extract(config: ExtractConfig, folder: Path | None = None, on_progress: OnProgress = lambda p: None) -> Path:
    """Run the pipeline and return the finished store, `<key>.duckdb` in `folder` (default: the cache).

    A store of the same key is returned as it is; an unfinished one is continued after its last committed chunk.
    Raises DataError, ModelError or StoreError, and DiskError where the disk is full or read-only.
    """
    folder = folder or cache_dir()
    path = find_finished(config, folder)
    if path is None:
        path = extract_anew(config, folder, on_progress)
        note_finished(config, path)
    return path


def extract_anew(config: ExtractConfig, folder: Path, on_progress: OnProgress) -> Path:
    """`extract` for a request that was not carried out before, or whose files were touched since."""
    require_parts(config)
    on_progress(Progress("Reading the data", 0, 1))
    todo = scan(config)
    require_space(folder, todo.n_samples * BYTES_PER_SAMPLE)
    on_progress(Progress("Loading model and SAE" if config.sae else "Loading the model", 0, 1))
    pipeline = load(config)
    digest = data_digest(config.data)
    key = pipeline.config.key(f"schema {SCHEMA_VERSION}", digest, *pipeline.digests.values())
    path = folder / f"{key}.duckdb"
    if path.exists():
        return path
    with writing_store(path) as writer:
        run_chunks(pipeline, writer, todo, on_progress)
        facts = {"seconds": writer.noted("seconds"), "tokens": writer.n_tokens, "cut": writer.noted("cut")}
        todo.warnings.extend(notes_on_reading(writer, pipeline.config))
        return finish(pipeline, writer, todo, digest, facts, on_progress)


def run_chunks(pipeline: Pipeline, writer: StoreWriter, todo: Scan, on_progress: OnProgress) -> int:
    """Process what is not in the store yet, a transaction a chunk; returns the number of tokens this run read."""
    config, tokens, done, clock = pipeline.config, 0, 0, time.time()
    contexts = writer.kept_contexts(pipeline.n_features)
    samples, first = iter(read(config)), writer.n_done
    done += sum(cost(s, config) for s in islice(samples, first))
    while chunk := list(islice(samples, CHUNK)):
        items = tokenize(chunk, pipeline.lm.tokenizer, config.most_read)
        parts = []
        for batch, part in run_batches(pipeline, chunk, items, first, contexts.thresholds()):
            parts.append(part)
            tokens += sum(len(items[i].ids) for i in batch)
            done += sum(cost(chunk[i], config) for i in batch)
            on_progress(Progress("Extracting features", done, todo.characters, tokens))
        write(writer, chunk, items, parts, first, contexts, clock)
        first, clock = first + len(chunk), time.time()
    return tokens


def run_batches(
    pipeline: Pipeline,
    samples: list[Sample],
    items: list[TokenizedSample],
    first: int,
    thresholds: tuple[np.ndarray, np.ndarray],
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Model, SAE and encoder over length-sorted batches of at most `batch_tokens` tokens: (indices, arrays).

    items: the samples tokenized; the indices are into both. `first`: the first one's row in the store; thresholds:
    those of the contexts kept so far.
    """
    least_value, least_lot = thresholds
    lengths = np.array([len(i.ids) for i in items])
    for batch in pack(lengths, pipeline.config.batch_tokens):
        chosen = [items[i] for i in batch]
        segments, (sample, token), x = content(pipeline, chosen)
        triples = pipeline.triples(x)
        if pipeline.encoder:
            vectors = encoded(pipeline.encoder, [samples[i] for i in batch], chosen)
        else:
            vectors = mean_by_segment(x, sample, segments[sample, token], len(batch))

        def wanted(owner: np.ndarray, feature: np.ndarray, value: np.ndarray, batch: Any = batch) -> np.ndarray:
            lot = lots(first + batch[owner], feature)
            return (value > least_value[feature]) | (lot > least_lot[feature])

        part = pool(segments, sample, token, triples, len(least_value), wanted)
        for name in ("sample", "context_sample"):
            part[name] = batch[part[name]]
        yield batch, part | {"batch": batch} | vectors


def write(
    writer: StoreWriter,
    chunk: list[Sample],
    items: list[TokenizedSample],
    parts: list[dict[str, np.ndarray]],
    first: int,
    kept: Kept,
    begun: float,
) -> None:
    """Order a chunk's entries by sample, hand them to the store as Arrow tables, and raise the contexts' thresholds.

    begun: when the work on the chunk began, seconds of `time.time`.
    """
    joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    order = np.lexsort((joined["feature"], joined["segment"], joined["sample"]))
    entries = {
        "sample_id": (joined["sample"][order] + first).astype(np.int32),
        "segment": joined["segment"][order],
        "feature_id": joined["feature"][order],
        "value": joined["value"][order],
        "peak": joined["peak"][order],
    }
    contexts = np.lexsort((joined["context_feature"], joined["context_sample"]))
    owner, peaks = joined["context_sample"][contexts], joined["context_peak"][contexts]
    windows = [row[~np.isnan(row)] for row in joined["windows"][contexts]]
    candidates = {
        "feature_id": joined["context_feature"][contexts],
        "value": joined["context_value"][contexts],
        "sample_id": (owner + first).astype(np.int32),
        "lot": lots(owner + first, joined["context_feature"][contexts]),
        "peak": peaks,
        "start": joined["context_start"][contexts],
        "token": [SURROGATE.sub("\ufffd", items[i].piece(at)) for i, at in zip(owner, peaks, strict=True)],
        "values": pa.array(windows, pa.list_(pa.float32())),
    }
    at = np.argsort(joined["batch"])
    means = {name: joined[name][at] for name in VECTORS}
    cut = np.any([(np.abs(mean) > LARGEST).any(axis=1) for mean in means.values()], axis=0).sum()
    table = sample_table(chunk, items, {name: halved(mean) for name, mean in means.items()}, first)
    noted = {"cut": int(cut), "restored": sum(i.restored for i in items), "seconds": time.time() - begun}
    tables = (table, originals_table(chunk, first), pa.table(entries), pa.table(candidates))
    writer.write_chunk(*tables, **noted)
    kept.push(candidates["feature_id"], candidates["value"], candidates["lot"])


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
