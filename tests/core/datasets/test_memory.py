"""Data of any kind is read in little memory: what is held does not grow with the file."""

import csv
import gzip
import json
import tracemalloc
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.datasets.samples import read_samples

MB = 1 << 20
N, EACH = 1600, 25_000  # records, characters of each: 40 MB
TEXT = "".join(chr(97 + i * i % 26) for i in range(EACH))
BOUND = 30 * MB  # less than the file; what is held is a few blocks of it


def records():
    for i in range(N):
        yield {"instruction": f"number {i}", "output": f"{i} {TEXT}"}


def joined(handle, begin="", between="\n", end=""):
    for i, record in enumerate(records()):
        handle.write((between if i else begin) + json.dumps(record))
    handle.write(end)


def lines(path):
    with path.open("w") as handle:
        joined(handle)


def packed(path):
    with gzip.open(path, "wt", compresslevel=1) as handle:
        joined(handle)


def array(path):
    with path.open("w") as handle:
        joined(handle, "[", ",\n", "]")


def around(path):
    with path.open("w") as handle:
        joined(handle, '{"version": 1, "data": [', ",", "]}")


def cells(path):
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, ["instruction", "output"])
        writer.writeheader()
        writer.writerows(records())


def archive(path):
    lines(path.with_suffix(".jsonl"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.write(path.with_suffix(".jsonl"), "data.jsonl")
    path.with_suffix(".jsonl").unlink()


def one_row_group(path):
    pq.write_table(pa.Table.from_pylist(list(records())), path, row_group_size=N, use_dictionary=False)


def arrow(path):
    tables = (pa.Table.from_pylist([record]) for record in records())
    first = next(tables)
    with pa.ipc.new_stream(path, first.schema) as stream:
        stream.write_table(first)
        for table in tables:
            stream.write_table(table)


def messages(path):
    with path.open("w") as handle:
        for i in range(N):  # the two turns of a conversation stand far from each other
            turn = {"conversation_id": i % (N // 2), "role": ("user", "assistant")[i * 2 // N], "text": f"{i} {TEXT}"}
            handle.write(json.dumps(turn) + "\n")


KINDS = {
    "JSON Lines": lines, "JSON array": array, "JSON object": around, "CSV": cells, "Parquet": one_row_group,
    "Arrow": arrow, "zip": archive, "gzip": packed,
    "single messages": messages,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_held_does_not_grow_with_the_file(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "x"
    KINDS[kind](path)
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        n = sum(1 for _ in read_samples(path))
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)
    assert n == (N // 2 if kind == "single messages" else N)
    assert held < BOUND
    assert (pool.max_memory() or 0) < BOUND
