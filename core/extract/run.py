"""The resumable batch loop: samples → language model → SAE → feature store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.samples import data_digest
from core.extract.chunks import chunk_of, push, store_chunk
from core.extract.finish import finish
from core.extract.finished import find_finished, note_finished
from core.extract.notes import notes_on_reading
from core.extract.pipeline import OnProgress, Pipeline, Progress, Scan, cost, load, read, require_parts, scan
from core.extract.states import content
from core.extract.vectors import encoded, mean_by_segment
from core.lm.batches import pack
from core.lm.chat import TokenizedSample, tokenize
from core.schema import ExtractConfig, Sample
from core.store.contexts import lots, pool
from core.store.tables import SCHEMA_VERSION
from core.store.writer import StoreWriter, writing_store
from core.system.files import cache_dir, require_space

CHUNK = 256  # samples in one transaction: what a crash can cost
ON_CARD = 8  # times as many where a card runs the model: its batches are large
BYTES_PER_SAMPLE = 12_000  # generous, for the check of free space


# What makes the chunks that a store lacks: `run_chunks`, or one of a cluster.
Engine = Callable[[Pipeline, StoreWriter, Scan, OnProgress], Any]


def extract(
    config: ExtractConfig,
    folder: Path | None = None,
    on_progress: OnProgress = lambda p: None,
    engine: Engine | None = None,
) -> Path:
    """Run the pipeline and return the finished store, `<key>.duckdb` in `folder` (default: the cache).

    A store of the same key is returned as it is; an unfinished one is continued after its last committed chunk.
    Raises DataError, ModelError or StoreError, and DiskError where the disk is full or read-only.
    """
    folder = folder or cache_dir()
    path = find_finished(config, folder)
    if path is None:
        path = extract_anew(config, folder, on_progress, engine or run_chunks)
        note_finished(config, path)
    return path


def extract_anew(config: ExtractConfig, folder: Path, on_progress: OnProgress, engine: Engine) -> Path:
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
        engine(pipeline, writer, todo, on_progress)
        facts = {"seconds": writer.noted("seconds"), "tokens": writer.n_tokens, "cut": writer.noted("cut")}
        todo.warnings.extend(notes_on_reading(writer, pipeline.config))
        return finish(pipeline, writer, todo, digest, facts, on_progress)


def run_chunks(pipeline: Pipeline, writer: StoreWriter, todo: Scan, on_progress: OnProgress) -> int:
    """Process what is not in the store yet, a transaction a chunk; returns the number of tokens this run read.

    A chunk is written while the model reads the next one; whatever ends the run, all of it is in the store, or nothing.
    """
    config, tokens, done, clock = pipeline.config, 0, 0, time.time()
    contexts = writer.kept_contexts(pipeline.n_features)
    samples, first = iter(read(config)), writer.n_done
    done += sum(cost(s, config) for s in islice(samples, first))
    size = CHUNK if config.device == "cpu" else CHUNK * ON_CARD
    with ThreadPoolExecutor(1, thread_name_prefix="writer") as behind:
        written: Future[Any] = behind.submit(int)  # nothing yet
        while chunk := list(islice(samples, size)):
            items = tokenize(chunk, pipeline.lm.tokenizer, config.most_read)
            parts = []
            for batch, part in run_batches(pipeline, chunk, items, first, contexts.thresholds()):
                parts.append(part)
                tokens += sum(len(items[i].ids) for i in batch)
                done += sum(cost(chunk[i], config) for i in batch)
                on_progress(Progress("Extracting features", done, todo.characters, tokens))
            made = chunk_of(chunk, items, parts, first, clock)
            push(contexts, made.candidates)
            written.result()
            written = behind.submit(store_chunk, writer, made)
            first, clock = first + len(chunk), time.time()
        written.result()
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
