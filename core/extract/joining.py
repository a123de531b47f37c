"""Several stores of one model and SAE as one: the data sets together, without running the model again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import StoreError
from core.extract.finish import finish
from core.extract.pipeline import OnProgress, Pipeline, Progress, Scan, load
from core.extract.topics import notes_on_topics
from core.schema import ExtractConfig
from core.scoring.columns import finished_columns, score_folder
from core.store.meta import data_named, data_of
from core.store.reader import FeatureStore, open_store
from core.store.tables import SCHEMA_VERSION
from core.store.writer import StoreWriter, writing_store
from core.system.files import cache_dir, require_space
from core.system.kept import write_array

# What must be alike for the activations to be comparable.
SETTINGS = ("hook_point", "max_tokens", "long", "floor", "dtype")


def join(paths: Sequence[Path], folder: Path | None = None, on_progress: OnProgress = lambda p: None) -> Path:
    """The store of all samples of `paths`, in that order, their `source` the name of their data file; its path.

    Rows count through the stores one after another. A feature's contexts are chosen from those that the stores kept.
    Score columns that all of them have are joined too. Resumes after the last whole store.
    Raises StoreError if they are not of one model, SAE and setting, or fewer than two.
    """
    stores = [open_store(path) for path in paths]
    check_alike(stores)
    folder, first = folder or cache_dir(), stores[0]
    digest = hashlib.sha256(" ".join([f"schema {SCHEMA_VERSION}", *(s.key for s in stores)]).encode()).hexdigest()
    path = folder / f"{digest[:16]}.duckdb"
    if not path.exists():
        require_space(folder, 2 * sum(s.path.stat().st_size for s in stores))
        on_progress(Progress("Loading model and SAE", 0, 1))
        pipeline = load(ExtractConfig(**first.meta["config"]))
        check_unchanged(pipeline, first)
        data = tuple(source for s in stores for source in data_of(s.meta))
        pipeline = replace(pipeline, config=replace(pipeline.config, data=data, limit=None))
        with writing_store(path) as writer:
            todo = append_all(writer, stores, on_progress)
            facts = {name: sum(s.meta[name] for s in stores) for name in ("seconds", "tokens")}
            finish(pipeline, writer, todo, digest, facts, on_progress)
    join_scores(stores, open_store(path))
    return path


def append_all(writer: StoreWriter, stores: Sequence[FeatureStore], on_progress: OnProgress) -> Scan:
    """Append the stores that an earlier run has not appended; what is in the joined store then."""
    total = sum(s.n_samples for s in stores)
    for store, offset in zip(stores, np.cumsum([0, *(s.n_samples for s in stores)]).tolist(), strict=False):
        on_progress(Progress("Copying", offset, total))
        if writer.n_done == offset:  # else an earlier run has it
            writer.append_store(store, data_named(store.meta).split(".")[0])
    few = list(notes_on_topics(None))  # together they may be enough
    return Scan(total, 0, [text for s in stores for text in s.meta["warnings"] if text not in few])


def check_alike(stores: Sequence[FeatureStore]) -> None:
    """Raise StoreError unless there are two stores or more, each once, whose activations can stand in one matrix."""
    if len({s.key for s in stores}) < max(2, len(stores)):
        raise StoreError("Joining takes two stores or more, each once.")
    for store in stores[1:]:
        for part in ("model", "sae", "template", "encoder"):
            own, other = (s.meta["digests"].get(part, "") for s in (store, stores[0]))
            if own != other:
                raise StoreError(f"{store.path.name} was made with another {part} than {stores[0].path.name}.")
        for name in SETTINGS:
            own, other = (s.meta["config"].get(name, "cut") for s in (store, stores[0]))  # long was not there once
            if own != other:
                raise StoreError(f"{store.path.name} has {name} {own}, {stores[0].path.name} has {other}.")


def check_unchanged(pipeline: Pipeline, store: FeatureStore) -> None:
    """Raise StoreError if the model, SAE or encoder is no longer the one that the stores were made with."""
    for part, digest in pipeline.digests.items():
        if store.meta["digests"].get(part, digest) != digest:  # topics may have come with this program since
            raise StoreError(f"The {part} has changed since {store.path.name} was extracted with it: extract again.")


def join_scores(stores: Sequence[FeatureStore], joined: FeatureStore) -> None:
    """Write the computed score columns that all the stores have, one after another, as those of the joined store."""
    columns, folder = [finished_columns(s) for s in stores], score_folder(joined)
    for name in set.intersection(*(set(c) for c in columns)):
        folder.mkdir(parents=True, exist_ok=True)
        write_array(folder / f"{name}.npy", np.concatenate([c[name] for c in columns]))
