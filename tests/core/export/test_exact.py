"""An export has the records as they stood in the input, through selection, replay, split, join and upgrade."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.datasets.writers import FORMATS
from core.errors import DataError
from core.export.curated import curated_files
from core.export.folder import export, replay
from core.export.formats import curated_bytes, preview
from core.export.settings import Shape
from core.schema import Selection, SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.originals import originals
from core.store.reader import open_store
from core.store.writer import StoreWriter
from tests.factories import tiny_store


def parquet_of(content: bytes) -> pa.Table:
    return pq.ParquetFile(io.BytesIO(content)).read()


def choose(store, k: int = 3) -> Selection:
    spec = SelectionSpec(budget=k, seed=1)
    return select(store.matrix(spec.scope), spec, info_of(store))


def store_of(tmp_path: Path, content: bytes, name: str = "data.jsonl", n: int = 6):
    """A store of the data, made without a model."""
    path = tmp_path / name
    path.write_bytes(content)
    return open_store(tiny_store(tmp_path, None, [{i} for i in range(n)], data=path))


LINES = [f'{{"prompt":"{i} \\u00e9",  "completion":"b", "n":1e{i}, "id": {2**60 + i}}}' for i in range(6)]
FLAT = pa.table(
    {
        "conversation_id": [f"t{i // 2 % 3}" for i in range(12)],
        "role": ["user", "assistant"] * 6,
        "text": [f"said {i}" for i in range(12)],
        "at": pa.array(range(12), pa.timestamp("us")),
    }
)


def test_an_export_and_its_replay_have_the_lines_of_the_input(tmp_path):
    store = store_of(tmp_path, "".join(line + "\r\n" for line in LINES).encode())
    selection = choose(store)
    for format in FORMATS:
        path = tmp_path / f"out.{format}"
        export(selection, store, path, format, force=True)
        before = path.read_bytes()
        path.unlink()
        assert replay(tmp_path / "out.manifest.json") == path and path.read_bytes() == before
    wanted = [LINES[row] for row in sorted(selection.rows)]
    assert (tmp_path / "out.jsonl").read_text().splitlines() == wanted
    assert preview(selection, store, "jsonl", "input", 2)[0].splitlines() == wanted[:2]
    for line in (tmp_path / "out.rejects.jsonl").read_text().splitlines():
        reject = json.loads(line)
        assert list(reject)[:2] == ["row", "id"] and reject["id"] == str(2**60 + reject["row"])
    assert [s.id for s in store.samples([1])] == [str(2**60 + 1)] == store.sample_columns()["id"][1:2].tolist()


def test_a_parquet_file_leaves_with_its_schema_whole_and_split(tmp_path):
    image = [bytes([i]) * 3 for i in range(6)]
    table = pa.table({"prompt": list("abcdef"), "completion": list("ghijkl"), "image": image})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    store = store_of(tmp_path, sink.getvalue(), "data.parquet")
    selection = choose(store, 4)
    rows = sorted(selection.rows)
    assert parquet_of(curated_bytes(selection, store, "parquet")).equals(table.take(rows))
    parts = [
        parquet_of(content) for content in curated_files(selection, store, Shape("parquet", validation=0.5)).values()
    ]
    assert sorted(pa.concat_tables(parts)["image"].to_pylist()) == sorted(image[row] for row in rows)
    assert all(part.schema.equals(table.schema, check_metadata=True) for part in parts)
    with pytest.raises(DataError, match="jsonl cannot hold binary in the column image"):
        export(selection, store, tmp_path / "x.jsonl")
    assert not (tmp_path / "x.jsonl").exists()
    assert "prompt" in preview(selection, store, "parquet", "input")[0]


def test_conversations_of_flat_rows_leave_as_these_rows(tmp_path):
    sink = io.BytesIO()
    pq.write_table(FLAT, sink)
    store = store_of(tmp_path, sink.getvalue(), "data.parquet", n=3)
    selection = replace(choose(store, 2), rows=np.array([2, 0]))
    wanted = FLAT.take([0, 1, 6, 7, 4, 5, 10, 11])
    assert parquet_of(curated_bytes(selection, store, "parquet")).equals(wanted)
    split = curated_files(selection, store, Shape("parquet", validation=0.5))
    assert sum(parquet_of(content).num_rows for content in split.values()) == 8
    lines = [json.dumps({**row, "at": i}) for i, row in enumerate(FLAT.to_pylist())]
    (tmp_path / "second").mkdir()
    second = store_of(tmp_path / "second", "\n".join(lines).encode(), n=3)
    found = curated_bytes(selection, second, "jsonl").decode().splitlines()
    assert found == [lines[i] for i in (0, 1, 6, 7, 4, 5, 10, 11)]
    assert [json.dumps(row) for row in json.loads(curated_bytes(selection, second, "json"))] == found


def test_values_that_python_has_no_type_for_leave_as_they_came_and_can_be_shown(tmp_path):
    far, sink = pa.array([2**49], pa.timestamp("ms")), io.BytesIO()
    table = pa.table({"prompt": ["a"], "completion": ["b"], "at": far, "note": pa.array([b"\xe9"]).view(pa.string())})
    pq.write_table(table, sink)
    store = store_of(tmp_path, sink.getvalue(), "data.parquet", n=1)
    selection = choose(store, 1)
    assert parquet_of(curated_bytes(selection, store, "parquet")).equals(table)
    assert "19809-03-05" in preview(selection, store, "parquet", "input")[0]


def test_joined_stores_keep_the_originals_of_each(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    sink = io.BytesIO()
    pq.write_table(pa.table({"prompt": ["a"], "completion": ["b"], "at": pa.array([1], pa.timestamp("ns"))}), sink)
    stores = [
        store_of(folders[0], "\n".join(LINES).encode()),
        store_of(folders[1], sink.getvalue(), "data.parquet", n=1),
    ]
    writer = StoreWriter(tmp_path / "0123456789abcdef.duckdb")
    for store in stores:
        writer.append_store(store, "x")
    writer.derive()
    joined = open_store(writer.finish({"n_samples": 7, "n_features": 6}))
    *texts, row = originals(joined, range(7))
    assert texts == LINES and row.schema.field("at").type == pa.timestamp("ns")


def test_a_store_of_an_earlier_version_gives_its_values_as_before(tmp_path):
    store = store_of(tmp_path, "\n".join(LINES).encode())
    store.close()
    writer = StoreWriter(tmp_path / "old0456789abcdef.duckdb")
    writer.append_store(open_store(store.path), "x")
    writer.db.execute("DROP TABLE originals")
    writer.derive()
    old = open_store(writer.finish({"n_samples": 6, "n_features": 6}))
    assert [json.loads(text) for text in originals(old, [5, 0])] == [json.loads(LINES[i]) for i in (5, 0)]
    assert originals(old, [0])[0] == json.dumps(json.loads(LINES[0]), ensure_ascii=False)
