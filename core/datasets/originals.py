"""Records as they stood in the input, packed without loss: JSON as its text, rows of Parquet and Arrow as they are.

An original is a `JsonText` or a pyarrow Table; of a conversation that was put together of several rows, it is all of
them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from core.errors import DataError


class JsonText(str):
    """JSON as it was written, a record a line; there is one, unless the record was put together of several."""

    __slots__ = ()


def json_text(record: Any) -> str:
    """One line of JSON; characters stay as they are unless they are halves, which UTF-8 cannot hold.

    Raises DataError for a record that is nested too deeply.
    """
    try:
        line = json.dumps(record, ensure_ascii=False, default=str)
        line.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, default=str)
    except RecursionError:
        raise DataError("A record is nested too deeply to be written.") from None
    return line


def together(originals: Sequence[Any]) -> Any:
    """Several originals of one kind as one; None if there is one that is missing or of another kind."""
    import pyarrow as pa

    if all(isinstance(each, str) for each in originals):
        return "\n".join(originals)
    return None if None in map(_kind, originals) or len(set(map(_kind, originals))) > 1 else pa.concat_tables(originals)


def _kind(original: Any) -> Any:
    """What may be packed together: JSON, or rows of one schema."""
    if original is None or isinstance(original, str):
        return original if original is None else "JSON"
    return original.schema.serialize().to_pybytes()


@dataclass(frozen=True)
class Packed:
    """Originals of one kind, one after another: how many rows each has, whether they are JSON, and an Arrow stream."""

    sizes: list[int]
    is_json: bool
    data: bytes

    def unpacked(self, places: Sequence[int] | None = None) -> list[Any]:
        """The originals, or those in some places."""
        import pyarrow as pa

        with pa.ipc.open_stream(self.data) as stream:
            table = stream.read_all()
        chosen = range(len(self.sizes)) if places is None else places
        if self.is_json:
            return [JsonText(text) for text in table["json"].take(pa.array(chosen, pa.int64())).to_pylist()]
        ends = list(accumulate(self.sizes))
        return [table.slice(ends[i] - self.sizes[i], self.sizes[i]) for i in chosen]


def pack(originals: Iterable[Any]) -> list[Packed]:
    """The originals in as few packs as their kinds allow, in order."""
    import pyarrow as pa

    packs = []
    for kind, run in groupby(originals, _kind):
        found = list(run)
        table = pa.table({"json": pa.array(found, pa.large_string())}) if kind == "JSON" else pa.concat_tables(found)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
            stream.write_table(table.combine_chunks())
        sizes = [1 if kind == "JSON" else each.num_rows for each in found]
        packs.append(Packed(sizes, kind == "JSON", sink.getvalue().to_pybytes()))
    return packs
