"""Write records as JSON Lines, JSON, CSV or Parquet; a format is a function and an entry of `FORMATS`.

A record is a value (what `json` can write), a `JsonText`, which is written as it is, or a pyarrow Table of its rows.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.datasets.holding import Cells, same, values_of
from core.datasets.originals import JsonText, json_text
from core.errors import DataError
from core.system.files import replacing

if TYPE_CHECKING:
    import pyarrow as pa


def write_records(records: Iterable[Any], path: str | Path, format: str) -> None:
    """Write records in one of FORMATS, in order; `path` is replaced only when all is written.

    Raises DataError for another format, for records that it cannot hold as they are, and where `path` cannot be
    written.
    """
    if format not in FORMATS:
        raise DataError(f"{format} is not a format to write: choose one of {', '.join(FORMATS)}.")
    try:
        with replacing(Path(path)) as temporary:
            FORMATS[format](records, temporary)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def _lines(records: Iterable[Any], format: str) -> Iterator[str]:
    """Each record as JSON, those that were put together of several rows as these."""
    for record in records:
        if isinstance(record, JsonText):
            yield from record.split("\n")
        else:
            yield from map(json_text, values_of(record, format) if _is_table(record) else [record])


def n_rows(record: Any) -> int:
    """How many rows a record is written as."""
    return record.num_rows if _is_table(record) else record.count("\n") + 1 if isinstance(record, JsonText) else 1


def _is_table(record: Any) -> bool:
    return not isinstance(record, str | dict | list) and hasattr(record, "schema")


def _write_jsonl(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(line + "\n" for line in _lines(records, "jsonl"))


def _write_json(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        for i, line in enumerate(_lines(records, "json")):
            handle.write((",\n" if i else "[\n") + line)
        handle.write("\n]\n" if handle.tell() else "[]\n")


def _values(records: Iterable[Any], format: str) -> list[dict[str, Any]]:
    """The records as objects with named fields."""
    found: list[Any] = []
    for record in records:
        if isinstance(record, JsonText):
            found += map(json.loads, record.split("\n"))
        elif _is_table(record):
            found += values_of(record, format) if format == "csv" else record.to_pylist()
        else:
            found.append(record)
    if any(not isinstance(record, dict) for record in found):
        raise DataError(f"{format} holds only records with named fields: write jsonl instead.")
    return found


def _write_csv(records: Iterable[Any], path: Path) -> None:
    """Text as it is, null as nothing, numbers and truths as JSON."""
    rows = _values(records, "csv")
    names, cells = _names(rows), Cells()
    try:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)  # its line end \r\n makes it quote both characters
            writer.writerow(names)
            writer.writerows(cells.row(names, row) for row in rows)
    except UnicodeEncodeError:
        raise DataError("A record holds half a character, which csv cannot hold: write jsonl instead.") from None


def _names(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _write_parquet(records: Iterable[Any], path: Path) -> None:
    """Rows of Arrow with the schema that they had; of other records, the types that hold all their values."""
    import pyarrow as pa

    records = list(records)
    try:
        if records and all(map(_is_table, records)):
            write_table(pa.concat_tables(records, promote_options="default"), path)
            return
        rows = _values(records, "parquet")
        write_table(pa.table({name: _arrow(name, [row.get(name) for row in rows]) for name in _names(rows)}), path)
    except (pa.ArrowException, ValueError, LookupError, OverflowError) as error:
        cause = " ".join(str(error).split())[:200]
        raise DataError(f"parquet cannot hold these records ({cause}): write jsonl instead.") from error


def write_table(table: pa.Table, path: Any) -> None:
    """Write a table as Parquet with the names of its fields as they are, those inside lists too."""
    import pyarrow.parquet as pq

    pq.write_table(table, path, use_compliant_nested_type=False)


def _arrow(name: str, values: list[Any]) -> Any:
    import pyarrow as pa

    try:
        array = pa.array(values)
        kept = same(values, array.to_pylist())
    except (pa.ArrowException, ValueError, TypeError, OverflowError, RecursionError) as error:
        cause = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:120]
        raise DataError(f"parquet cannot hold {name} ({cause}): write jsonl instead.") from error
    if not kept:
        raise DataError(f"parquet cannot hold {name} as it is (its values are of several types): write jsonl instead.")
    return array


FORMATS: dict[str, Callable[[Iterable[Any], Path], None]] = {
    "jsonl": _write_jsonl,
    "json": _write_json,
    "parquet": _write_parquet,
    "csv": _write_csv,
}
