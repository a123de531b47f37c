"""Chunks as Parquet files, one each, committed by rename: written where the model ran, read where the store is."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.extract.chunks import Chunk
from core.system.disk import writing
from core.system.files import replacing

TABLES = ("samples", "originals", "activations", "candidates")


@dataclass(frozen=True)
class Parts:
    """The finished chunks in a folder that all machines share, by the row of their first sample in the store.

    A file is one row with a list for each table of the store; what is noted stands in the schema's metadata.
    """

    folder: Path

    def path(self, first: int) -> Path:
        """Where the chunk that begins with sample `first` lies once it is finished."""
        return self.folder / f"{first:012d}.parquet"

    def has(self, first: int) -> bool:
        """Whether a chunk is finished and not removed yet."""
        return self.path(first).exists()

    def write(self, first: int, chunk: Chunk) -> None:
        """Write a chunk under another name, then give it its own; raises DiskError."""
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        lists = {name: as_list(getattr(chunk, name)) for name in TABLES}
        table = pa.table(lists).replace_schema_metadata({"noted": json.dumps(chunk.noted)})
        with replacing(self.path(first)) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    def read(self, first: int) -> Chunk:
        """A finished chunk."""
        table = pq.read_table(self.path(first))
        noted = json.loads(table.schema.metadata[b"noted"])
        return Chunk(**{name: as_table(table[name]) for name in TABLES}, noted=noted)

    def remove(self, first: int) -> None:
        """Remove a chunk that the store has."""
        self.path(first).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all of them, once the store has everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def as_list(table: pa.Table) -> pa.ListArray:
    """The rows of a table as one list of structs."""
    batch = table.combine_chunks().to_struct_array().combine_chunks()
    return pa.ListArray.from_arrays(pa.array([0, len(batch)], pa.int32()), batch)


def as_table(column: pa.ChunkedArray) -> pa.Table:
    """The table that `as_list` made such a column of."""
    return pa.Table.from_batches([pa.RecordBatch.from_struct_array(column.combine_chunks().flatten())])
