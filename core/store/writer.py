"""Writes a feature store, a transaction a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import DiskError
from core.schema import SCOPES, FeatureMatrix
from core.store.arrays import read_matrix, read_vectors
from core.store.contexts import DRAWN, STRONGEST, Kept, lots
from core.store.reader import FeatureStore
from core.store.tables import (
    APPENDED,
    BEGUN,
    COUNTED,
    FINISH,
    SCHEMA_VERSION,
    TABLES,
    VECTORS,
    connect,
    explained,
    has_table,
    samples_of,
)
from core.store.turns import AT_ONCE, STARTS, starts_of

NOTE = "INSERT INTO meta VALUES (?, ?)"
RESUMES = "run the same command again, which goes on where it was"


def topic_rows(matrix: FeatureMatrix, scope: str) -> pa.Table:
    """The entries of a matrix of topics as rows of the table topic_activations."""
    sample = np.repeat(np.arange(matrix.n_samples, dtype=np.int32), matrix.counts)
    place = np.full(len(sample), SCOPES.index(scope), np.uint8)
    return pa.table({"sample_id": sample, "scope": place, "feature_id": matrix.feature, "value": matrix.value})


def with_starts(samples: pa.Table) -> pa.Table:
    """Samples that have `messages`, with the columns STARTS, which stores of an earlier version lack."""
    for name, texts in starts_of(samples["messages"].to_pylist()).items():
        samples = samples.append_column(name, pa.array(texts, pa.string()))
    return samples


@contextmanager
def writing_store(path: Path) -> Iterator[StoreWriter]:
    """The writer of a store, closed at the end of the block, whatever happens in it.

    Raises LockedError, DamagedError and, where the disk is full or read-only, DiskError: what is committed stays.
    """
    writer = StoreWriter(path)
    try:
        with explained(writer.partial, RESUMES):
            yield writer
    finally:
        writer.db.close()


class StoreWriter:
    """Writes `<key>.partial.duckdb` chunk by chunk; `finish` renames it. Opening an existing one resumes it.

    Opening raises as `writing_store` does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.stem}.partial.duckdb")
        new = not self.partial.exists()
        try:
            self.db = connect(self.partial, read_only=False, then=RESUMES)
        except DiskError:
            if new:  # it has no room for its header: a part of it could not be opened again
                self.partial.unlink(missing_ok=True)
            raise
        with explained(self.partial, RESUMES):
            if not self.has("meta"):
                self.db.execute(f"BEGIN; {TABLES} COMMIT")

    @property
    def n_done(self) -> int:
        """Samples that are committed already."""
        return self.db.execute("SELECT count(*) FROM samples").fetchall()[0][0]

    @property
    def n_tokens(self) -> int:
        """Tokens that were read of the samples that are committed, template included."""
        return self.db.execute("SELECT coalesce(sum(n_read), 0)::BIGINT FROM samples").fetchall()[0][0]

    def note(self, what: str, amount: float) -> None:
        """Add to a sum, such as seconds spent, that runs over all the runs that the store takes: it grows in `meta`."""
        self.db.execute(NOTE, [what, json.dumps(amount)])

    def noted(self, what: str) -> float:
        """The sum so far, 0 for none; of a run that was cut off, up to its last committed chunk."""
        sql = "SELECT coalesce(sum(value::DOUBLE), 0) FROM meta WHERE key = ?"
        return self.db.execute(sql, [what]).fetchall()[0][0]

    @property
    def derived(self) -> bool:
        """Whether `derive` has been committed: then all samples are in, and the candidates are gone."""
        return not self.has("candidates")

    def kept_contexts(self, n_features: int) -> Kept:
        """The contexts that the committed chunks have brought so far."""
        return Kept(self._largest("value", STRONGEST, n_features), self._largest("lot", DRAWN, n_features))

    def _largest(self, column: str, keep: int, n_features: int) -> np.ndarray:
        out = np.full((n_features, keep), -1, np.float32)
        if not self.derived:
            found = self.db.execute(
                f"""SELECT feature_id, {column} AS number,
                row_number() OVER (PARTITION BY feature_id ORDER BY {column} DESC) - 1 AS rank
                FROM candidates QUALIFY rank < {keep}"""
            ).fetchnumpy()
            out[found["feature_id"], found["rank"]] = found["number"]
        return out

    def active_features(self) -> np.ndarray:
        """The features that are active anywhere, ascending: int32. Only after `derive`."""
        return self.db.execute("SELECT feature_id FROM features ORDER BY feature_id").fetchnumpy()["feature_id"]

    def has(self, table: str) -> bool:
        """Whether there is a table of this name."""
        return has_table(self.db, table)

    def matrix(self, n_features: int, scope: str = "all") -> FeatureMatrix:
        """The matrix of what has been written so far, over a scope."""
        return read_matrix(self.db, self.n_done, n_features, scope, 0.0)

    def renew(self, version: int) -> None:
        """Bring the table of samples of a store of an earlier version up: the vectors of prompt and response stay
        unknown, and what was cut counts as response.
        """
        for name in VECTORS:
            self.db.execute(f"ALTER TABLE samples ADD COLUMN IF NOT EXISTS {name} BLOB")
        if version < COUNTED:
            own = samples_of(version)
            self.db.execute(f"CREATE OR REPLACE TABLE samples AS SELECT * FROM {own} ORDER BY sample_id")
        if version < BEGUN:
            for name in STARTS:
                self.db.execute(f"ALTER TABLE samples ADD COLUMN {name} VARCHAR")
            stored = "SELECT sample_id, messages FROM samples WHERE sample_id >= ? AND sample_id < ?"
            for first in range(0, self.n_done, AT_ONCE):
                rows = self.db.execute(stored, [first, first + AT_ONCE]).to_arrow_table()
                self.set_columns(with_starts(rows).drop("messages"))

    def set_columns(self, found: pa.Table) -> None:
        """Write the columns of `found`, by its sample_id, in the place of what is there."""
        names = [name for name in found.column_names if name != "sample_id"]
        self.db.register("incoming", found)
        values = ", ".join(f"{name} = incoming.{name}" for name in names)
        self.db.execute(f"UPDATE samples SET {values} FROM incoming WHERE samples.sample_id = incoming.sample_id")
        self.db.unregister("incoming")

    def has_vectors(self, scope: str) -> bool:
        """Whether every sample has a vector of a scope: stores of an earlier version had the whole's alone."""
        column = VECTORS[SCOPES.index(scope)]
        return self.db.execute(f"SELECT count(*) = count({column}) FROM samples").fetchall()[0][0]

    def vectors(self, scope: str) -> np.ndarray:
        """The samples' mean vectors over a scope: float16 (N, d)."""
        return read_vectors(self.db, scope)

    def texts(self) -> list[str]:
        """The turns of each sample as one text."""
        found = self.db.execute("SELECT messages FROM samples ORDER BY sample_id").fetchall()
        return ["\n\n".join(content for _, content, *_ in json.loads(text)) for (text,) in found]

    def write_topics(self, found: Mapping[str, FeatureMatrix], names: Sequence[str]) -> None:
        """Write (or write again) the topics of each sample by scope, and the names of those that are active."""
        whole, parts = found["all"], [topic_rows(matrix, scope) for scope, matrix in found.items()]
        self.table("topic_activations", pa.concat_tables(parts))
        largest = np.zeros(whole.n_features, np.float32)
        np.maximum.at(largest, whole.feature, whole.value)
        counts = np.bincount(np.concatenate([m.feature for m in found.values()]), minlength=whole.n_features)
        active = np.flatnonzero(counts)
        of = np.bincount(whole.feature, minlength=whole.n_features)[active]
        columns = {"feature_id": active.astype(np.int32), "n_samples": of, "max_value": largest[active]}
        self.table("topics", pa.table({**columns, "name": [names[f] for f in active.tolist()]}))

    def write_chunk(self, samples: Any, originals: Any, activations: Any, candidates: Any, **noted: float) -> None:
        """Append four Arrow tables and note amounts in one transaction: all of the chunk is in the store, or none."""
        cursor = self.db.cursor()
        cursor.execute("BEGIN")
        tables = {"samples": samples, "originals": originals, "activations": activations, "candidates": candidates}
        for name, table in tables.items():
            cursor.register("chunk", table)
            cursor.execute(f"INSERT INTO {name} BY NAME SELECT * FROM chunk")
            cursor.unregister("chunk")
        for what, amount in noted.items():
            cursor.execute(NOTE, [what, json.dumps(amount)])
        cursor.execute("COMMIT")

    def append_store(self, other: FeatureStore, source: str) -> None:
        """Append all samples of a finished store, with a `source` of their own, in one transaction.

        Its contexts become candidates again, with new lots: which of them are kept depends on all the stores.
        """
        offset, cursor = self.n_done, self.db.cursor()
        cursor.execute("BEGIN")
        for name, sql in APPENDED.items():
            if name == "originals" and not other.has(name):  # of a version before KEPT
                continue
            given = {"offset": offset} | ({"source": source} if "$source" in sql else {})
            sql = sql.format(samples=samples_of(other.version))
            with explained(other.path):
                rows = other.db.cursor().sql(sql, params=given).to_arrow_table()
            if name == "samples" and other.version < BEGUN:
                rows = with_starts(rows)
            if name == "candidates":
                lot = lots(rows["sample_id"].to_numpy(), rows["feature_id"].to_numpy())
                rows = rows.append_column("lot", pa.array(lot))
            cursor.register("chunk", rows)
            cursor.execute(f"INSERT INTO {name} BY NAME SELECT * FROM chunk")
            cursor.unregister("chunk")
        cursor.execute("COMMIT")

    def table(self, name: str, columns: Any) -> None:
        """Write (or write again) a small derived table from an Arrow table."""
        self.db.register("incoming", columns)
        self.db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
        self.db.unregister("incoming")

    def derive(self) -> None:
        """Compute the feature and context tables once all chunks are in; harmless when repeated."""
        if not self.derived:
            self.db.execute(f"BEGIN; {FINISH} COMMIT")

    def finish(self, meta: dict[str, Any]) -> Path:
        """Write the meta table last, close, and give the file its final name."""
        rows = [(k, json.dumps(v)) for k, v in {"schema_version": SCHEMA_VERSION, **meta}.items()]
        self.db.execute("BEGIN")
        self.db.execute("DELETE FROM meta")
        self.db.executemany(NOTE, rows)
        self.db.execute("COMMIT")
        self.db.execute("CHECKPOINT")
        self.db.close()
        self.partial.replace(self.path)
        return self.path
