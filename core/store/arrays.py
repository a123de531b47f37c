"""The arrays of a store, read from the tables of an open file: matrices of a lens, and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.store.peaks import content
from core.store.pooling import pool_segments
from core.store.tables import VECTORS

ROWS_AT_ONCE = 20_000


def read_topics(db: Any, n_samples: int, n_topics: int, scope: str, theta: float) -> FeatureMatrix:
    """The topics with value > theta of each sample's vector over a scope, as CSR."""
    found = db.execute(
        "SELECT sample_id, feature_id, value FROM topic_activations WHERE scope = ? AND value > ?",
        [SCOPES.index(scope), theta],
    ).fetchnumpy()
    counts = np.bincount(found["sample_id"], minlength=n_samples)
    return FeatureMatrix(np.concatenate([[0], np.cumsum(counts)]), found["feature_id"], found["value"], n_topics)


def read_vectors(db: Any, scope: str) -> np.ndarray:
    """The samples' mean vectors over a scope, float16 (N, d); zeros for a sample without tokens there.

    Some rows at a time, into the array that is given back: a million of them are a gigabyte, and must not be it thrice.
    """
    column = VECTORS[SCOPES.index(scope)]
    n, width = db.execute(f"SELECT count(*), coalesce(max(octet_length({column})), 0) FROM samples").fetchone()
    vectors, at = np.empty((n, width // 2), np.float16), 0
    found = db.execute(f"SELECT {column} FROM samples ORDER BY sample_id")
    while rows := found.fetchmany(ROWS_AT_ONCE):
        block = np.frombuffer(b"".join(vector for (vector,) in rows), np.float16)
        vectors[at : at + len(rows)] = block.reshape(len(rows), -1)
        at += len(rows)
    return vectors


def read_matrix(db: Any, n_samples: int, n_features: int, scope: str, theta: float) -> FeatureMatrix:
    """The entries with value > theta over a scope, as CSR; over `all`, the largest value of a sample's segments.

    Rows come as they were written, by sample, segment and feature: DuckDB keeps that order, and need not sort.
    """
    segment = "" if scope == "all" else f"AND segment = {SEGMENTS.index(scope)}"
    found = db.execute(f"SELECT sample_id, feature_id, value FROM activations WHERE value > ? {segment}", [theta])
    columns = found.fetchnumpy()
    indptr, feature, value = pool_segments(columns["sample_id"], columns["feature_id"], columns["value"], n_samples)
    return FeatureMatrix(indptr, feature, value, n_features, content(db, n_features))
