"""What search, the length study and growth ask of a whole store, each question one statement."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.schema import SCOPES, SEGMENTS
from core.store.reader import FeatureStore


def turns(store: FeatureStore) -> Iterator[list[tuple[str, str]]]:
    """(role, content) of each sample's messages, in the order of the rows."""
    for (text,) in store.rows("SELECT messages FROM samples ORDER BY sample_id"):
        yield [(role, content) for role, content in json.loads(text)]


def records(store: FeatureStore) -> Iterator[Any]:
    """Each sample's input record untouched, in the order of the rows."""
    for (text,) in store.rows("SELECT raw FROM samples ORDER BY sample_id"):
        yield json.loads(text)


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


def peaks_of(store: FeatureStore, features: Sequence[int] | np.ndarray, theta: float, scope: str) -> dict[str, Any]:
    """Where the features exceed θ over a scope: arrays feature_id, sample_id and peak, int32 (M,) each."""
    segment = f"AND segment = {SEGMENTS.index(scope)}" if scope in SEGMENTS else ""
    return store.columns(
        f"""SELECT feature_id, sample_id, peak FROM activations
        WHERE value > ? {segment} AND feature_id IN (SELECT unnest(?::INTEGER[]))""",
        [theta, [int(f) for f in features]],
    )


def mark_shares(store: FeatureStore, features: Sequence[int] | np.ndarray) -> dict[str, Any]:
    """Arrays feature_id int32 and share float64 (M,): of the tokens at its strongest peaks, those that have neither
    letter nor digit; the fair draw of weaker ones that the store keeps too is left out."""
    return store.columns(
        r"""SELECT feature_id, avg(CAST(NOT regexp_matches(token, '[\p{L}\p{N}]') AS DOUBLE)) AS share FROM contexts
        WHERE bin = 0 AND feature_id IN (SELECT unnest(?::INTEGER[])) GROUP BY feature_id""",
        [[int(f) for f in features]],
    )


def features_met(store: FeatureStore, segment: str, theta: float) -> dict[str, Any]:
    """How many features have their peak at each token of a segment: arrays sample_id, peak int32 and n int64 (M,)."""
    return store.columns(
        "SELECT sample_id, peak, count(*) AS n FROM activations WHERE segment = ? AND value > ? GROUP BY ALL",
        [SEGMENTS.index(segment), theta],
    )
