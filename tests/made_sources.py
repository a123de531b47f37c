"""Shared by the tests of folders, archives and compressed files: records, and files of them."""

import bz2
import gzip
import io
import json
import lzma

import pyarrow as pa

from core.datasets.samples import read_samples
from core.datasets.writers import write_records


def zstandard(data: bytes) -> bytes:
    """Compressed by the library that reads it in Python before 3.14."""
    sink = io.BytesIO()
    sink.close = lambda: None  # type: ignore[method-assign]
    with pa.CompressedOutputStream(pa.PythonFile(sink, mode="w"), "zstd") as stream:
        stream.write(data)
    return sink.getvalue()


PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard}


def asked(texts, **more):
    return [{"instruction": text, "output": f"to {text}", **more} for text in texts]


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def shards(folder, ending="jsonl"):
    """Three files and one that is no data; their prompts in order are a to f."""
    folder.mkdir(parents=True)
    for name, texts in (("part-10", "ef"), ("part-2", "cd"), ("part-1", "ab")):
        write_records(asked(texts), folder / f"{name}.{ending}", ending)
    (folder / "README.md").write_text("about")
    (folder / ".hidden.jsonl").write_text("x")
    (folder / "dataset_infos.json").write_text("{}")
    return folder


def prompts(source, **options):
    return "".join(sample.prompt for sample in read_samples(source, **options))
