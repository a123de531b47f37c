"""The tables of a feature store, and how its file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from core.errors import DamagedError, LockedError, StoreError
from core.store.contexts import BINS, DRAWN, SPREAD, STRONGEST
from core.system.disk import writing

SCHEMA_VERSION = 5
OLDEST = 2  # version that is still read: it has one vector a sample, and no topics
COUNTED = 4  # the first version that counts the tokens of whole samples, and keeps ids and the records as they stood
BEGUN = 5  # the first version that keeps how prompts and responses begin, for lists to read no whole texts
VECTORS = ("embedding", "prompt_vector", "response_vector")  # columns with a sample's mean vector, one for each scope
READING = "2GB"  # memory that DuckDB takes at most to read a store; by default it would be four fifths of the machine's
MEND = "move it away and extract again, or copy it anew from where it came"
# Tokens of a sample: those of the whole, segment by segment, and all, the template's included; then the same of those
# that were read.
COUNTS = ("n_prompt_tokens", "n_response_tokens", "n_later_tokens", "n_tokens",
          "n_read_prompt", "n_read_response", "n_read_later", "n_read")  # fmt: skip
# Export writes the record out of `originals`, as it stood in the input: `raw` has its values as JSON, for the screen.
# A row there holds those of consecutive samples, from sample_id on, as core.datasets.originals packs them: `rows` how
# many rows of the input each sample is, `data` an Arrow stream of their JSON text or of their rows.
TABLES = f"""
CREATE TABLE meta(key VARCHAR, value VARCHAR);
CREATE TABLE samples(sample_id INTEGER, source_row INTEGER, id VARCHAR, raw VARCHAR, messages VARCHAR, source VARCHAR,
    prompt_start VARCHAR, response_start VARCHAR, scores VARCHAR, {", ".join(f"{name} INTEGER" for name in COUNTS)},
    pieces VARCHAR, segments BLOB, embedding BLOB,
    prompt_vector BLOB, response_vector BLOB);
CREATE TABLE originals(sample_id INTEGER, rows INTEGER[], is_json BOOLEAN, data BLOB);
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

# The counts of an earlier version, whose own are those of what was read. Samples were cut at their end: what is missing
# counts as response.
COUNTS_BEFORE = """n_prompt_tokens, n_response_tokens + n_truncated AS n_response_tokens, n_later_tokens,
    octet_length(segments)::INTEGER + n_truncated AS n_tokens, n_prompt_tokens AS n_read_prompt,
    n_response_tokens AS n_read_response, n_later_tokens AS n_read_later, octet_length(segments)::INTEGER AS n_read"""


def samples_of(version: int) -> str:
    """The samples of a store as a table of this version has them, in SQL; what an older one lacks stays out."""
    if version >= COUNTED:
        return "samples"
    own = "n_prompt_tokens, n_response_tokens, n_later_tokens, n_truncated"
    return f"(SELECT * EXCLUDE ({own}), {COUNTS_BEFORE}, '' AS id FROM samples)"


# What becomes of another store's tables when they are appended.
APPENDED = {
    "samples": """SELECT * REPLACE (sample_id + $offset::INTEGER AS sample_id,
        sample_id + $offset::INTEGER AS source_row, $source AS source) FROM {samples} ORDER BY sample_id""",
    "originals": "SELECT * REPLACE (sample_id + $offset::INTEGER AS sample_id) FROM originals ORDER BY sample_id",
    "activations": "SELECT * REPLACE (sample_id + $offset::INTEGER AS sample_id) FROM activations ORDER BY rowid",
    "candidates": """SELECT feature_id, "values"[peak - start + 1] AS value, peak, start, token, "values",
        sample_id + $offset::INTEGER AS sample_id FROM contexts ORDER BY feature_id, rank""",
}


def has_table(db: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether an open file has a table; all is fetched, as DuckDB registers no table while a result is unfinished."""
    return bool(db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall())


def connect(path: Path, read_only: bool, then: str = "try again") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file; raises LockedError if another process writes it, else as `explained` does."""
    with explained(path, then):
        db = duckdb.connect(str(path), read_only=read_only)
        if read_only:
            db.execute(f"SET memory_limit = '{READING}'")
        return db


@contextmanager
def explained(path: Path, then: str = "try again") -> Iterator[None]:
    """What DuckDB says in this block about the file at `path` becomes one sentence that says what to do.

    Raises LockedError, DamagedError (cut short, or a checksum that is wrong: DuckDB has one for each block), DiskError
    (`then`: what goes on once there is room) or StoreError. A statement that makes no sense is our mistake, and goes
    through as it is.
    """
    try:
        with writing(path, then):
            yield
    except (duckdb.ProgrammingError, duckdb.DataError):
        raise
    except duckdb.Error as error:
        raise trouble(path, str(error).replace(str(path), path.name)) from error


def trouble(path: Path, said: str) -> StoreError:
    """The error for what DuckDB said about a file."""
    if any(words in said for words in ("Could not set lock", "Conflicting lock", "different configuration")):
        return LockedError(f"{path.name} is being written by another process: wait for it to finish.")
    if "not a valid DuckDB database" in said:
        return DamagedError(f"{path.name} is no feature store, or its beginning is damaged: {MEND}.")
    if any(words in said for words in ("Could not read enough bytes", "Corrupt database", "checksum")):
        return DamagedError(f"{path.name} is damaged, cut short or changed since it was written: {MEND}.")
    return StoreError(f"{path} cannot be opened as a feature store: {said}")
