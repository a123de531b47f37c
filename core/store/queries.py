"""What search, the length study and growth ask of a whole store, each question one statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.schema import SCOPES, SEGMENTS, Sample
from core.store.reader import FeatureStore
from core.store.turns import AT_ONCE
from core.store.turns import turns as messages_of


def turns(store: FeatureStore) -> Iterator[list[tuple[str, str]]]:
    """(role, content) of each sample's messages, in the order of the rows."""
    for text in each(store, "messages"):
        yield [(role, content) for role, content, *_ in json.loads(text)]


def records(store: FeatureStore) -> Iterator[Any]:
    """Each sample's input record untouched, in the order of the rows."""
    for text in each(store, "raw"):
        yield json.loads(text)


def each(store: FeatureStore, column: str) -> Iterator[Any]:
    """A column of the samples in the order of the rows, AT_ONCE at a time: the records of a million are gigabytes."""
    sql = f"SELECT {column} FROM samples WHERE sample_id >= ? AND sample_id < ? ORDER BY sample_id"
    for start in range(0, store.n_samples, AT_ONCE):
        for (value,) in store.rows(sql, [start, start + AT_ONCE]):
            yield value


def samples_in(store: FeatureStore, start: int, stop: int) -> list[Sample]:
    """The turns of the rows from `start` to before `stop`; their records are not read."""
    sql = "SELECT sample_id, messages FROM samples WHERE sample_id >= ? AND sample_id < ? ORDER BY sample_id"
    return [Sample(row, messages_of(text), None) for row, text in store.rows(sql, [start, stop])]


def alphabetic(store: FeatureStore, response: bool) -> np.ndarray:
    """The place of each sample's prompt, or response, among all of them by the alphabet, as far as START characters
    tell: int64 (N,), from 1; the same beginnings share one.
    """
    begun = pa.array([pair[response] for pair in store.previews()], pa.large_string())
    return pc.rank(begun, tiebreaker="dense").to_numpy().astype(np.int64)


def equal_turns(store: FeatureStore) -> list[list[int]]:
    """The rows of samples whose turns are equal to the character, ascending; the groups by their first row."""
    sql = "SELECT list(sample_id ORDER BY sample_id) AS same FROM samples GROUP BY messages HAVING count(*) > 1"
    return sorted(same for (same,) in store.rows(sql))


def has_vectors_of_parts(store: FeatureStore) -> bool:
    """Whether prompts and answers have vectors of their own; those of a store before version 3 have not."""
    return bool(store.rows("SELECT 1 FROM samples WHERE prompt_vector IS NOT NULL LIMIT 1"))


def segment_counts(store: FeatureStore, theta: float) -> np.ndarray:
    """Active features of each sample in the prompt and in the response: int64 (2, N)."""
    shown = len(SCOPES) - 1  # the turns after the first answer are a segment, but no scope of their own
    found = store.columns(
        f"""SELECT segment, sample_id, count(*) AS n FROM activations
        WHERE value > ? AND segment < {shown} GROUP BY ALL""",
        [theta],
    )
    counts = np.zeros((shown, store.n_samples), np.int64)
    counts[found["segment"], found["sample_id"]] = found["n"]
    return counts


def features_met(store: FeatureStore, segment: str, theta: float, every: int = 1) -> dict[str, Any]:
    """How many features have their peak at each token of a segment, in every such row: arrays sample_id, peak int32 and
    n int64 (M,)."""
    return store.columns(
        "SELECT sample_id, peak, count(*) AS n FROM activations WHERE segment = ? AND value > ? AND sample_id % ? = 0 "
        "GROUP BY ALL",
        [SEGMENTS.index(segment), theta, every],
    )
