"""The tables of a feature store, and how its file is opened."""

from __future__ import annotations

from pathlib import Path

import duckdb

from core.errors import LockedError, StoreError
from core.store.contexts import BINS, DRAWN, SPREAD, STRONGEST

SCHEMA_VERSION = 2
TABLES = """
CREATE TABLE meta(key VARCHAR, value VARCHAR);
CREATE TABLE samples(sample_id INTEGER, source_row INTEGER, raw VARCHAR, messages VARCHAR, source VARCHAR,
    scores VARCHAR, n_prompt_tokens INTEGER, n_response_tokens INTEGER, n_later_tokens INTEGER, n_truncated INTEGER,
    pieces VARCHAR, segments BLOB, embedding BLOB);
CREATE TABLE activations(sample_id INTEGER, segment UTINYINT, feature_id INTEGER, value FLOAT, peak INTEGER);
CREATE TABLE candidates(feature_id INTEGER, value FLOAT, sample_id INTEGER, lot FLOAT, peak INTEGER,
    start INTEGER,token VARCHAR, "values" FLOAT[]);
"""
FINISH = f"""
CREATE TABLE features AS
    SELECT feature_id, count(DISTINCT sample_id) AS n_samples, max(value) AS max_value
    FROM activations GROUP BY feature_id ORDER BY feature_id;
CREATE TABLE contexts AS
    WITH ranked AS (SELECT *,
            row_number() OVER (PARTITION BY feature_id ORDER BY value DESC, sample_id) AS place,
            row_number() OVER (PARTITION BY feature_id ORDER BY lot DESC, sample_id) AS draw FROM candidates),
        below AS (SELECT *, ntile({BINS}) OVER (PARTITION BY feature_id ORDER BY value DESC, sample_id) AS bin
            FROM ranked WHERE place > {STRONGEST} AND draw <= {DRAWN}),
        spread AS (SELECT * FROM below
            QUALIFY row_number() OVER (PARTITION BY feature_id, bin ORDER BY lot DESC, sample_id) <= {SPREAD}),
        chosen AS (SELECT *, 0 AS bin FROM ranked WHERE place <= {STRONGEST} UNION ALL BY NAME SELECT * FROM spread)
    SELECT feature_id, CAST(bin AS UTINYINT) AS bin, CAST(row_number() OVER (
        PARTITION BY feature_id ORDER BY bin, value DESC, sample_id) AS INTEGER) AS rank,
        sample_id, peak, start, token, "values" FROM chosen ORDER BY feature_id, rank;
DROP TABLE candidates;
"""

# What becomes of another store's tables when they are appended.
APPENDED = {
    "samples": """SELECT * REPLACE (sample_id + $offset::INTEGER AS sample_id,
        sample_id + $offset::INTEGER AS source_row, $source AS source) FROM samples ORDER BY rowid""",
    "activations": "SELECT * REPLACE (sample_id + $offset::INTEGER AS sample_id) FROM activations ORDER BY rowid",
    "candidates": """SELECT feature_id, "values"[peak - start + 1] AS value, peak, start, token, "values",
        sample_id + $offset::INTEGER AS sample_id FROM contexts ORDER BY feature_id, rank""",
}


def connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file; a lock held by another process becomes a LockedError that names it."""
    try:
        return duckdb.connect(str(path), read_only=read_only)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise LockedError(f"{path.name} is being written by another process: wait for it to finish.") from error
        raise StoreError(f"{path} cannot be opened as a feature store: {error}") from error
