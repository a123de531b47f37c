"""What the selection methods may ask of a feature store besides features: counts, scores, vectors, tags, references."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DataError, SelectionError
from core.matrix.statistics import unit_rows
from core.refine.runs import RefineRun, read_run, runs_of
from core.schema import FeatureMatrix
from core.scoring.columns import score_columns
from core.selection.clustering import Clusters, clusters
from core.selection.inputs import SampleInfo, checked_units
from core.session.directions import directions
from core.session.labels import label_columns, labels_of
from core.session.memory import Memory
from core.store.queries import records
from core.store.reader import FeatureStore, open_store
from core.system.files import cache_dir, stamp, store_at
from core.system.shown import shown_path


def info_of(store: FeatureStore, memory: Memory | None = None) -> SampleInfo:
    """Token counts of the whole samples and score columns; the rest is read when a method asks, and kept in `memory`.

    User turns after the first answer count as prompt tokens. Files are read anew once they have changed.
    """
    names = ("n_prompt_tokens", "n_later_tokens", "n_response_tokens", "n_read", "n_read_response")
    columns, memory = store.sample_columns(*names), memory or Memory()
    return SampleInfo(
        columns["n_prompt_tokens"] + columns["n_later_tokens"],
        columns["n_response_tokens"],
        score_columns(store),
        lambda name: vectors(store, name),  # what methods make of them is remembered
        lambda name: memory.get(("tags", name), lambda: tags(store, name)),
        lambda name, scope, lens: memory.get(
            ("reference", name, scope, lens, *versions([name])), lambda: reference(store, name, scope, lens)
        ),
        lambda name: refined(store, name),
        lambda key, compute: memory.get((*key, *versions(key)), compute),
        read=columns["n_read"],
        unread_response=(columns["n_response_tokens"] > 0) & (columns["n_read_response"] == 0),
        labels=lambda by: memory.get(("labels", by), lambda: labels(store, memory, by)),
        target_vectors=lambda name: memory.get(
            ("target vectors", name, *versions([name])), lambda: unit_rows(other_store(store, name).embeddings())
        ),
        directions=lambda lens: memory.get(("decoder", lens), lambda: directions(store, lens)),
        matrix=lambda scope, theta, lens: raw_matrix(store, memory, scope, lens).at(theta),
    )


def raw_matrix(store: FeatureStore, memory: Memory, scope: str, lens: str) -> FeatureMatrix:
    """The matrix of a scope and a lens, read once; raises StoreError where the store has no such lens."""
    return memory.get(("raw matrix", lens, scope), lambda: store.matrix(scope, lens=lens))


def units(store: FeatureStore, memory: Memory, name: str) -> np.ndarray:
    """The vectors that `name` stands for, of length 1: float32 (N, d), the same as methods get; see Session.vectors."""
    key = ("unit vectors", name)
    return memory.get((*key, *versions(key)), lambda: checked_units(vectors(store, name), store.n_samples))


def clusters_in(store: FeatureStore, memory: Memory, name: str, k: int) -> Clusters:
    """k-means of these with `k` clusters."""
    key = ("clusters", name, k, 0)
    return memory.get((*key, *versions(key)), lambda: clusters(units(store, memory, name), k, 0))


def labels(store: FeatureStore, memory: Memory, by: str) -> np.ndarray:
    """The group of each sample, text (N,): see `labels_of`. Clusters are those of the pages, of residual vectors."""
    clustered = partial(clusters_in, store, memory, "residual")
    return labels_of(store, by, clustered, lambda: memory.get("label columns", lambda: label_columns(store)))


def versions(names: Iterable[Hashable]) -> tuple[Hashable, ...]:
    """Sizes and times of the files, and the files and stores of the cache, among `names`: equal as long as they are."""
    texts = [name for name in names if isinstance(name, str) and name]
    paths = [path for text in texts for path in (Path(text), cache_dir() / text, store_at(text)) if is_file(path)]
    return tuple(file for path in dict.fromkeys(paths) for file in stamp(str(path)) or ())


def is_file(path: Path) -> bool:
    """Whether there is such a file; what is too long for a name is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def vectors(store: FeatureStore, name: str) -> np.ndarray:
    """The mean-pooled residual stream (name: residual), or the array in a .npy file, a path or the name of a file in
    the cache: float (N, d). Raises DataError.
    """
    if name == "residual":
        return store.embeddings()
    try:
        return np.load(name if Path(name).is_file() else cache_dir() / name, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"The vectors {name} cannot be read: use residual, or a .npy file of shape (N, d).") from error


def tags(store: FeatureStore, column: str) -> FeatureMatrix:
    """Samples × tags from a column of the data, a list of tags or text with commas. DataError if no record has it."""
    lists: list[set[int]] = []
    names: dict[str, int] = {}
    for record in records(store):
        found = _tag_list(record.get(column)) if isinstance(record, dict) else []
        lists.append({names.setdefault(tag, len(names)) for tag in found})
    if not names:
        raise DataError(f"No record has tags in a column {column!r}.")
    return FeatureMatrix.from_sets(lists, len(names))


def _tag_list(value: Any) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for part in parts if (text := str(part).strip().lower())]


def reference(store: FeatureStore, name: str, scope: str, lens: str = "tokens") -> FeatureMatrix:
    """The matrix of another store, a path or the key of one in the cache, made with the same model and SAE.

    Raises StoreError as `open_store` does, SelectionError for another model or another SAE of the lens.
    """
    other = other_store(store, name, lens)
    other.require(lens, scope)
    return other.matrix(scope, lens=lens)


def other_store(store: FeatureStore, name: str, lens: str = "") -> FeatureStore:
    """Another store, a path or the key of one in the cache, made with the same model, and of a lens with the same SAE.

    Raises StoreError as `open_store` does, SelectionError for another model or another SAE.
    """
    path = store_at(name)
    other = open_store(path)
    for part in ("model", *({"topics": ["topics"], "tokens": ["sae"]}.get(lens, []))):
        if digest_of(other, part) != digest_of(store, part):
            what = "SAE of topics" if part == "topics" else part
            raise SelectionError(f"The reference {path.name} was made with another {what}: extract it with the same.")
    return other


def digest_of(store: FeatureStore, part: str) -> str:
    """The digest of a store's data, model, sae or topics."""
    return store.meta["topics"]["digest"] if part == "topics" else store.meta["digests"][part]


def refined(store: FeatureStore, name: str) -> RefineRun:
    """A run of refinement by the name of its folder, or the newest finished one; raises SelectionError."""
    if name:
        folder = cache_dir("refine", store.key) / Path(name).name
        if not folder.is_dir():
            raise SelectionError(f"There is no run of refinement {name!r} on {store.path.name}.")
        return read_run(folder)
    finished = [run for run in runs_of(store.key) if run.finished]
    if not finished:
        raise SelectionError(
            f"No run of refinement on {store.path.name} is finished: "
            f"`python -m core refine --store {shown_path(store.path)}`."
        )
    return finished[0]
