"""Files by address: what is read of them, what is fetched, and what is said where they cannot be had."""

import gzip
import json
import pickle

import fsspec
import pytest

from core.datasets import remote
from core.datasets.samples import data_digest, read_samples
from core.datasets.sources import files_of
from core.errors import DataError


def lines(*numbers):
    records = ({"prompt": f"What is {n}?", "response": f"It is {n}."} for n in numbers)
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A storage with a folder: part-2 and part-10, one of them compressed, and a file about them."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    storage = fsspec.filesystem("memory")
    storage.pipe({"/data/part-10.jsonl": lines(3), "/data/part-2.jsonl.gz": gzip.compress(lines(1, 2))})
    storage.pipe("/data/README.md", b"about")
    yield storage
    storage.rm("/data", recursive=True)


@pytest.mark.parametrize("source", ["memory://data", "memory://data/part-*"])
def test_a_folder_and_a_pattern_are_read_in_order(bucket, source):
    reader = read_samples(source)
    assert [(s.row, s.prompt, s.source) for s in reader] == [
        (0, "What is 1?", "part-2.jsonl.gz"), (1, "What is 2?", "part-2.jsonl.gz"), (2, "What is 3?", "part-10.jsonl"),
    ]  # fmt: skip


def test_a_file_is_that_of_its_copy(bucket, tmp_path):
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(lines(3))
    assert [s.raw for s in read_samples("memory://data/part-10.jsonl")] == [s.raw for s in read_samples(copy)]
    assert data_digest("memory://data/part-10.jsonl") == data_digest(copy)


def test_it_is_fetched_once_and_again_when_it_changed(bucket, monkeypatch):
    address, fetched, get = "memory://data/part-10.jsonl", [], type(bucket).get_file
    monkeypatch.setattr(type(bucket), "get_file", lambda self, *a, **k: fetched.append(a[0]) or get(self, *a, **k))
    for _ in range(2):
        assert len(list(read_samples(address))) == 1
    bucket.pipe("/data/part-10.jsonl", lines(4, 5))
    assert len(list(read_samples(address))) == 2 and len(fetched) == 2


def test_another_process_fetches_what_it_reads_alone(bucket, tmp_path, monkeypatch):
    files = pickle.loads(pickle.dumps(files_of("memory://data")))
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "elsewhere"))
    assert files[1].path.open("rb").read() == lines(3)
    assert [p.name.endswith("part-10.jsonl") for p in (tmp_path / "elsewhere/remote").iterdir()] == [True]


def test_what_is_not_there_is_said(bucket, monkeypatch):
    for address, said in (
        ("memory://data/none.jsonl", "memory://data/none.jsonl cannot be read"),
        ("memory://data/none-*.jsonl", "holds no file"),
        ("nothing://data", "nothing://data cannot be read"),
    ):
        with pytest.raises(DataError, match=said):
            list(read_samples(address))

    def missing(address):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(remote, "storage_of", missing)
    with pytest.raises(DataError, match="needs a package that is not installed: Install s3fs"):
        read_samples("s3://bucket/data.jsonl")
