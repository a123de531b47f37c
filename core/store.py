"""The feature store: one DuckDB file, written once by extraction, read by everything else. All its SQL is here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from core.contexts import BINS, DRAWN, SPREAD, STRONGEST, Kept, lots
from core.errors import LockedError, StoreError
from core.pooling import pool_segments
from core.schema import SCOPES, SEGMENTS, FeatureMatrix, Message, Sample

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


def read_matrix(db: Any, n_samples: int, n_features: int, scope: str, theta: float) -> FeatureMatrix:
    """The entries with value > theta over a scope, as CSR; over `all`, the largest value of a sample's segments.

    Rows come as they were written, by sample, segment and feature: DuckDB keeps that order, and need not sort.
    """
    segment = "" if scope == "all" else f"AND segment = {SEGMENTS.index(scope)}"
    found = db.execute(f"SELECT sample_id, feature_id, value FROM activations WHERE value > ? {segment}", [theta])
    columns = found.fetchnumpy()
    return FeatureMatrix(
        *pool_segments(columns["sample_id"], columns["feature_id"], columns["value"], n_samples), n_features
    )


class StoreWriter:
    """Writes `<key>.partial.duckdb` chunk by chunk; `finish` renames it. Opening an existing one resumes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.stem}.partial.duckdb")
        self.db = connect(self.partial, read_only=False)
        if not self.has("meta"):
            self.db.execute(f"BEGIN; {TABLES} COMMIT")

    @property
    def n_done(self) -> int:
        """Samples that are committed already."""
        return self.db.execute("SELECT count(*) FROM samples").fetchone()[0]

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
        found = self.db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table])
        return found.fetchone() is not None

    def matrix(self, n_features: int) -> FeatureMatrix:
        """The matrix of what has been written so far, over all segments."""
        return read_matrix(self.db, self.n_done, n_features, "all", 0.0)

    def write_chunk(self, samples: Any, activations: Any, candidates: Any) -> None:
        """Append three Arrow tables in one transaction: all of the chunk is in the store, or nothing."""
        cursor = self.db.cursor()
        cursor.execute("BEGIN")
        for name, table in (("samples", samples), ("activations", activations), ("candidates", candidates)):
            cursor.register("chunk", table)
            cursor.execute(f"INSERT INTO {name} BY NAME SELECT * FROM chunk")
            cursor.unregister("chunk")
        cursor.execute("COMMIT")

    def append_store(self, other: FeatureStore, source: str) -> None:
        """Append all samples of a finished store, with a `source` of their own, in one transaction.

        Its contexts become candidates again, with new lots: which of them are kept depends on all the stores.
        """
        import pyarrow as pa

        offset, cursor = self.n_done, self.db.cursor()
        cursor.execute("BEGIN")
        for name, sql in APPENDED.items():
            given = {"offset": offset} | ({"source": source} if "$source" in sql else {})
            rows = other.db.cursor().sql(sql, params=given).to_arrow_table()
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
        self.db.execute("DELETE FROM meta")
        self.db.executemany("INSERT INTO meta VALUES (?, ?)", rows)
        self.db.execute("CHECKPOINT")
        self.db.close()
        self.partial.replace(self.path)
        return self.path


class FeatureStore:
    """A finished store, read-only; any number of processes may hold one. One cursor a call keeps threads apart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = connect(path, read_only=True)
        try:
            found = self.query("SELECT key, value FROM meta").fetchall()
        except duckdb.Error as error:
            raise StoreError(f"{path} is no feature store.") from error
        self.meta: dict[str, Any] = {k: json.loads(v) for k, v in found}
        if self.meta.get("schema_version") != SCHEMA_VERSION:
            raise StoreError(
                f"{path.name} has schema version {self.meta.get('schema_version')}, "
                f"this program reads {SCHEMA_VERSION}: extract again."
            )

    @property
    def key(self) -> str:
        """The key that names the store."""
        return self.path.stem

    @property
    def n_features(self) -> int:
        """Number of features F of the SAE."""
        return self.meta["n_features"]

    @property
    def n_samples(self) -> int:
        """Number of samples N."""
        return self.meta["n_samples"]

    def query(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run one statement on a cursor of its own (a connection shared by threads gives wrong results)."""
        return self.db.cursor().execute(sql, parameters)

    def no_sample(self, row: int) -> StoreError:
        """The error for a row that is not in the store."""
        return StoreError(f"{self.path.name} has no sample {row}: its rows are 0 to {self.n_samples - 1}.")

    def matrix(self, scope: str = "all", theta: float | None = None) -> FeatureMatrix:
        """The samples' features over a scope (all, prompt, response), those with value > theta."""
        if scope not in SCOPES:
            raise StoreError(f"Unknown scope {scope!r}: use one of {', '.join(SCOPES)}.")
        return read_matrix(self.db.cursor(), self.n_samples, self.n_features, scope, float(theta or 0.0))

    def samples(self, rows: Iterable[int] | None = None) -> list[Sample]:
        """The samples, or those of `rows` in the order given; Sample.row is the position in the store."""
        columns = "sample_id, messages, raw, source, scores"
        if rows is None:
            found = self.query(f"SELECT {columns} FROM samples ORDER BY sample_id").fetchall()
        else:
            wanted = [int(r) for r in rows]
            found = self.query(
                f"SELECT {columns} FROM samples WHERE sample_id IN (SELECT unnest(?::INTEGER[]))", [wanted]
            ).fetchall()
            by_id = {r[0]: r for r in found}
            missing = next((r for r in wanted if r not in by_id), None)
            if missing is not None:
                raise self.no_sample(missing)
            found = [by_id[r] for r in wanted]
        return [
            Sample(r[0], tuple(Message(*m) for m in json.loads(r[1])), json.loads(r[2]), r[3], json.loads(r[4]))
            for r in found
        ]

    def sample_columns(self) -> dict[str, np.ndarray]:
        """Per sample: source_row, n_prompt_tokens, n_response_tokens, n_later_tokens, n_truncated, source."""
        return self.query(
            """SELECT source_row, n_prompt_tokens, n_response_tokens, n_later_tokens, n_truncated, source
            FROM samples ORDER BY sample_id"""
        ).fetchnumpy()

    def scores(self) -> dict[str, np.ndarray]:
        """Every score column of the data, float64 (N,), NaN where a sample has none."""
        parsed = [json.loads(s[0]) for s in self.query("SELECT scores FROM samples ORDER BY sample_id").fetchall()]
        names = sorted({name for p in parsed for name in p})
        return {n: np.array([p.get(n, np.nan) for p in parsed], np.float64) for n in names}

    def previews(self, length: int = 160) -> list[tuple[str, str]]:
        """(prompt, response) of every sample, the first `length` characters: for tables and hover texts."""
        out = []
        for (text,) in self.query("SELECT messages FROM samples ORDER BY sample_id").fetchall():
            sample = Sample(0, tuple(Message(*m) for m in json.loads(text)), None)
            out.append((sample.prompt[:length], sample.response[:length]))
        return out

    def pieces(self, row: int) -> tuple[list[str], np.ndarray]:
        """The texts of a sample's tokens, in order, and the segment of each, int8 (T,), −1 for template tokens."""
        found = self.query("SELECT pieces, segments FROM samples WHERE sample_id = ?", [int(row)]).fetchone()
        if found is None:
            raise self.no_sample(row)
        return json.loads(found[0]), np.frombuffer(found[1], np.int8)

    def sample_features(self, row: int) -> dict[str, np.ndarray]:
        """One sample's entries: segment, feature_id, value, peak, strongest first."""
        return self.query(
            """SELECT segment, feature_id, value, peak FROM activations WHERE sample_id = ?
            ORDER BY value DESC, feature_id""",
            [int(row)],
        ).fetchnumpy()

    def features(self) -> dict[str, np.ndarray]:
        """feature_id, n_samples and max_value of every feature that was ever active."""
        return self.query("SELECT feature_id, n_samples, max_value FROM features ORDER BY feature_id").fetchnumpy()

    def contexts(self, feature: int) -> list[dict[str, Any]]:
        """Where a feature fires: bin (0 the strongest, then from high to low), sample_id, peak, pieces, values, edge.

        The pieces are the texts of the tokens around the peak, the values the feature's there; `peak` counts in them.
        `edge`: whether the token before or after the peak's belongs to another segment or to the template.
        """
        found = self.query(
            """SELECT c.bin, c.sample_id, c.peak, c.start, c."values", s.pieces, s.segments
            FROM contexts c JOIN samples s USING (sample_id) WHERE feature_id = ? ORDER BY rank""",
            [int(feature)],
        ).fetchall()
        out = []
        for place, sample_id, peak, start, values, pieces, segments in found:
            window = json.loads(pieces)[start : start + len(values)]
            around = segments[max(peak - 1, 0) : peak + 2]
            shown = {"peak": peak - start, "pieces": window, "values": list(values)}
            out.append({"bin": place, "sample_id": sample_id, **shown, "edge": len(around) < 3 or len(set(around)) > 1})
        return out

    def segment_shares(self, feature: int, theta: float) -> dict[str, float]:
        """In which share of all samples a feature exceeds θ, for each segment."""
        found = self.query(
            "SELECT segment, count(*) FROM activations WHERE feature_id = ? AND value > ? GROUP BY segment",
            [int(feature), float(theta)],
        ).fetchall()
        counts = dict(found)
        return {name: counts.get(i, 0) / max(self.n_samples, 1) for i, name in enumerate(SEGMENTS)}

    def logit_lens(self, feature: int) -> dict[str, list[tuple[str, float]]]:
        """The tokens that a feature promotes and suppresses most, each with its logit per unit of activation."""
        found = self.query(
            """SELECT promoted, promoted_logits, suppressed, suppressed_logits FROM logit_lens
            WHERE feature_id = ?""",
            [int(feature)],
        ).fetchone() or ([], [], [], [])
        promoted, suppressed = (list(zip(*found[i : i + 2], strict=True)) for i in (0, 2))
        return {"promoted": promoted, "suppressed": suppressed}

    def directions(self) -> dict[str, np.ndarray]:
        """UMAP coordinates of the decoder directions of the active features: feature_id, x, y."""
        return self.query("SELECT feature_id, x, y FROM directions ORDER BY feature_id").fetchnumpy()

    def faces(self, tokens: int = 3) -> dict[int, str]:
        """Of each feature the commonest tokens at its strongest peaks, as one string: a face until it has a label."""
        found = self.query(
            "SELECT feature_id, list(token ORDER BY rank) FROM contexts WHERE bin = 0 GROUP BY feature_id"
        ).fetchall()
        return {f: " · ".join(commonest([t.strip() for t in peaks], tokens)) for f, peaks in found}

    def projection(self) -> dict[str, np.ndarray]:
        """UMAP coordinates of the samples: x, y float32 (N,)."""
        return self.query("SELECT x, y FROM projection ORDER BY sample_id").fetchnumpy()

    def embeddings(self) -> np.ndarray:
        """Mean-pooled residual vectors, float32 (N, d_model)."""
        rows = self.query("SELECT embedding FROM samples ORDER BY sample_id").fetchall()
        return np.stack([np.frombuffer(r[0], np.float16) for r in rows]).astype(np.float32)


def commonest(words: list[str], n: int) -> list[str]:
    """The `n` words that occur most often, the earliest first among equals; blanks are left out."""
    return [word for word, _ in Counter(w for w in words if w).most_common(n)]


def open_store(path: str | Path) -> FeatureStore:
    """Open a finished store; raises StoreError if there is none, or extraction has not finished."""
    path = Path(path)
    if path.name.endswith(".partial.duckdb"):
        raise StoreError(f"{path.name} is unfinished: run the same extract command again to complete it.")
    if not path.is_file():
        raise StoreError(f"There is no feature store at {path}: run `python -m core extract` first.")
    return FeatureStore(path)


def list_stores(folder: Path) -> list[Path]:
    """The finished stores in a folder, newest first."""
    found = [p for p in folder.glob("*.duckdb") if not p.name.endswith(".partial.duckdb") and len(p.stem) == 16]
    return sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)
