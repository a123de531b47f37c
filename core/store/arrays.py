"""The arrays of a store, read from the tables of an open file: matrices of a lens, vectors, texts that recur."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from core.schema import SCOPES, SEGMENTS, FeatureMatrix
from core.store.peaks import content
from core.store.pooling import pool_segments
from core.store.tables import VECTORS

ROWS_AT_ONCE = 20_000
ENTRIES_AT_ONCE = 1_000_000
ENTRIES = {"sample_id": np.int32, "feature_id": np.int32, "value": np.float32}


def read_entries(db: Any, table: str, where: str, given: list[Any], rows: range | None = None) -> list[np.ndarray]:
    """The columns of ENTRIES of a table's rows, in their order, under a condition in SQL; of consecutive samples, if
    `rows` are given, these numbered from the first of them: DuckDB passes over the others.

    Some rows at a time, into the arrays that are given back: 70 million of them are 840 MB, which DuckDB holds as well
    where all are fetched at once.
    """
    if rows is not None:
        where, given = f"{where} AND sample_id BETWEEN ? AND ?", [*given, rows.start, rows.stop - 1]
    n = db.execute(f"SELECT count(*) FROM {table} WHERE {where}", given).fetchall()[0][0]
    columns, at = {name: np.empty(n, kind) for name, kind in ENTRIES.items()}, 0
    found = db.sql(f"SELECT {', '.join(ENTRIES)} FROM {table} WHERE {where}", params=given)
    for block in found.to_arrow_reader(ENTRIES_AT_ONCE):
        for name, column in columns.items():
            column[at : at + len(block)] = block[name].to_numpy()
        at += len(block)
    columns["sample_id"] -= rows.start if rows is not None else 0
    return list(columns.values())


def read_topics(
    db: Any, n_samples: int, n_topics: int, scope: str, theta: float, rows: range | None = None
) -> FeatureMatrix:
    """The topics with value > theta of each sample's vector over a scope, as CSR: of all samples, or consecutive
    `rows`.
    """
    given = [SCOPES.index(scope), theta]
    sample, topic, value = read_entries(db, "topic_activations", "scope = ? AND value > ?", given, rows)
    counts = np.bincount(sample, minlength=n_samples if rows is None else len(rows))
    return FeatureMatrix(np.concatenate([[0], np.cumsum(counts)]), topic, value, n_topics)


def read_vectors(db: Any, scope: str, kind: type[np.floating] = np.float16) -> np.ndarray:
    """The samples' mean vectors over a scope, (N, d) of a kind, float16 as they are kept; zeros for a sample without
    tokens there.

    Some rows at a time, into the array that is given back: a million of them are a gigabyte, and must not be it thrice.
    """
    column = VECTORS[SCOPES.index(scope)]
    n, width = db.execute(f"SELECT count(*), coalesce(max(octet_length({column})), 0) FROM samples").fetchone()
    vectors, at = np.empty((n, width // 2), kind), 0
    found = db.execute(f"SELECT {column} FROM samples ORDER BY sample_id")
    while rows := found.fetchmany(ROWS_AT_ONCE):
        block = np.frombuffer(b"".join(vector for (vector,) in rows), np.float16)
        vectors[at : at + len(rows)] = block.reshape(len(rows), -1)
        at += len(rows)
    return vectors


def read_matrix(
    db: Any, n_samples: int, n_features: int, scope: str, theta: float, rows: range | None = None
) -> FeatureMatrix:
    """The entries with value > theta over a scope, as CSR; over `all`, the largest value of a sample's segments. Of all
    samples, or consecutive `rows`.

    Rows come as they were written, by sample, segment and feature: DuckDB keeps that order, and need not sort.
    """
    segment = "" if scope == "all" else f"AND segment = {SEGMENTS.index(scope)}"
    sample, feature, value = read_entries(db, "activations", f"value > ? {segment}", [theta], rows)
    indptr, feature, value = pool_segments(sample, feature, value, n_samples if rows is None else len(rows))
    return FeatureMatrix(indptr, feature, value, n_features, content(db, n_features))


def shared(texts: np.ndarray) -> np.ndarray:
    """Texts object (N,) of which those that are equal are one object: a few sources stand a million times."""
    encoded = pa.array(texts, pa.large_string()).dictionary_encode()
    return encoded.dictionary.to_numpy(zero_copy_only=False)[encoded.indices.to_numpy()]
