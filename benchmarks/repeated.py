"""Large stores out of a small one, whose samples are taken again and again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.matrix.rows import rows_of
from core.matrix.threshold import theta_table
from core.store.contexts import lots
from core.store.reader import FeatureStore
from core.store.tables import APPENDED, SCHEMA_VERSION
from core.store.writer import StoreWriter

AT_ONCE, ROW_GROUP = 15_000_000, 122_880  # entries, and samples, written together: DuckDB writes in such groups
MEMORY = "3GB"  # that DuckDB may take
KEPT, NOISE = 0.7, 0.1  # share of a sample's entries that a copy has; how far its values lie apart from the sample's


def repeated(store: FeatureStore, n: int, path: Path, entries: int = 0, seed: int = 0) -> Path:
    """A store of `n` samples, those of `store` again and again; its path. Made once.

    entries: about how many token entries a sample has, its strongest; then copies differ, each by a draw of seed.
    """
    if store.version < SCHEMA_VERSION:
        raise SystemExit(f"{store.path.name} is of an earlier version: python -m core upgrade --store brings it up.")
    if path.exists():
        return path
    writer, rng = StoreWriter(path), np.random.default_rng(seed)
    writer.db.execute(f"SET memory_limit = '{MEMORY}'")
    if writer.n_done:
        raise SystemExit(f"{writer.partial} is unfinished: remove it.")
    _write_copies(writer, store, n, entries, rng)
    writer.derive()
    for name in ("directions", "logit_lens", "kinds"):
        if store.has(name):
            writer.table(name, store.cursor().sql(f"FROM {name}").to_arrow_table())
    for lens in store.lenses:
        writer.table("topic_projection" if lens == "topics" else "projection", _projection(store, lens, n, rng))
    if "topics" in store.lenses:
        rows, scopes = np.resize(np.arange(store.n_samples), n), store.meta["topics"]["thetas"]
        found = {scope: rows_of(store.matrix(scope, lens="topics"), rows) for scope in scopes}
        faces = store.faces("topics")
        writer.write_topics(found, [faces.get(topic, "") for topic in range(store.size_of("topics"))])
    tokens = store.size_of("tokens")
    thetas = [asdict(row) for row in theta_table(writer.matrix(tokens))] if tokens else None
    return writer.finish({**store.meta, "n_samples": n, "thetas": thetas, "tokens": writer.n_tokens})


def _projection(store: FeatureStore, lens: str, n: int, rng: np.random.Generator) -> pa.Table:
    """Places on a map: the copies of a sample lie side by side."""
    table = {}
    for axis, at in zip("xy", store.projection(lens).values(), strict=True):
        table[axis] = (np.resize(at, n) + rng.normal(0, 0.05, n)).astype(np.float32)
    return pa.table({"sample_id": np.arange(n, dtype=np.int32), **table})


def _write_copies(writer: StoreWriter, store: FeatureStore, n: int, entries: int, rng: np.random.Generator) -> None:
    """Samples, records and entries, some copies at a time; the contexts of the first copy stand for all."""
    one = {name: _rows(store, name) for name in APPENDED}
    if entries:
        floor = one["activations"]["value"].to_numpy()
        most = round(entries / KEPT * store.n_samples)
        least = np.partition(floor, -most)[-most] if most < len(floor) else -np.inf
        one["activations"] = one["activations"].filter(pa.array(floor >= least))
    contexts = one.pop("candidates")
    lot = lots(contexts["sample_id"].to_numpy(), contexts["feature_id"].to_numpy())
    contexts = contexts.append_column("lot", pa.array(lot))
    together = max(1, min(AT_ONCE // max(one["activations"].num_rows, 1), -(-ROW_GROUP // store.n_samples)))
    for start in range(0, n, together * store.n_samples):
        copies = min(together, -(-(n - start) // store.n_samples))
        chunk = {name: _copies(rows, start, copies, store.n_samples, n) for name, rows in one.items()}
        if entries:
            chunk["activations"] = _jittered(chunk["activations"], rng)
        writer.write_chunk(**chunk, candidates=contexts if start == 0 else contexts.slice(0, 0))


def _rows(store: FeatureStore, name: str) -> pa.Table:
    sql = APPENDED[name].format(samples="samples")
    given = {"offset": 0} | ({"source": "copy 1"} if "$source" in sql else {})
    return store.cursor().sql(sql, params=given).to_arrow_table()


def _copies(rows: pa.Table, start: int, copies: int, each: int, n: int) -> pa.Table:
    """Rows of `each` samples, `copies` times, with the numbers of the samples from `start` on and below `n`."""
    sample = np.concatenate([rows["sample_id"].to_numpy() + np.int32(start + i * each) for i in range(copies)])
    many = pa.concat_tables([rows] * copies)
    for name in {"sample_id", "source_row"} & set(rows.column_names):
        many = many.set_column(many.column_names.index(name), name, pa.array(sample))
    if "source" in rows.column_names:
        source = np.array([f"copy {start // each + 1 + i}" for i in range(copies)])
        source = pa.array(np.repeat(source, rows.num_rows))
        many = many.set_column(many.column_names.index("source"), "source", source)
    return many.slice(0, int(np.searchsorted(sample, n)))


def _jittered(rows: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Some of the entries, in their order, each value a little smaller or larger."""
    kept = np.flatnonzero(rng.random(rows.num_rows, np.float32) < KEPT)
    rows = rows.take(pa.array(kept))
    value = rows["value"].to_numpy() * (1 + NOISE * rng.standard_normal(rows.num_rows, np.float32)).clip(0.1)
    return rows.set_column(rows.column_names.index("value"), "value", pa.array(value))
