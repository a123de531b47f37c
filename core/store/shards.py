"""The matrix of a store in shards, for more samples than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.store.peaks import content
from core.store.pooling import pool_segments
from core.store.reader import FeatureStore


def store_shards(
    store: FeatureStore, n: int, scope: str, theta: float, lens: str
) -> Callable[[], Iterator[FeatureMatrix]]:
    """The store's matrix as `n` shards of consecutive samples, read one at a time; raises StoreError as `matrix`."""
    store.require(lens, scope)
    ends = np.linspace(0, store.n_samples, min(n, store.n_samples) + 1).astype(int).tolist()
    return lambda: (shard(store, range(a, b), scope, theta, lens) for a, b in pairwise(ends))


def shard(store: FeatureStore, rows: range, scope: str, theta: float, lens: str) -> FeatureMatrix:
    """The entries of consecutive samples with value > theta; DuckDB keeps their order and passes over the others."""
    if lens == "topics":
        table, of = "topic_activations", f"AND scope = {SCOPES.index(scope)}"
    else:
        table, of = "activations", "" if scope == "all" else f"AND segment = {SEGMENTS.index(scope)}"
    sql = f"SELECT sample_id, feature_id, value FROM {table} WHERE sample_id BETWEEN ? AND ? AND value > ? {of}"
    found = store.columns(sql, [rows.start, rows.stop - 1, theta])
    sample = found["sample_id"] - np.int32(rows.start)
    indptr, feature, value = pool_segments(sample, found["feature_id"], found["value"], len(rows))
    kinds = content(store.cursor(), store.n_features) if lens == "tokens" else None
    return FeatureMatrix(indptr, feature, value, store.size_of(lens), kinds)
