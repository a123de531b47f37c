"""Write records as JSON Lines, JSON, CSV or Parquet; a format is a function and an entry of `FORMATS`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core.datasets.originals import json_text
from core.errors import DataError
from core.system.files import replacing


def write_records(records: Iterable[Any], path: str | Path, format: str) -> None:
    """Write raw records in one of FORMATS, in order; `path` is replaced only when all is written.

    Raises DataError for another format, for records that it cannot hold, and where `path` cannot be written.
    """
    if format not in FORMATS:
        raise DataError(f"{format} is not a format to write: choose one of {', '.join(FORMATS)}.")
    try:
        with replacing(Path(path)) as temporary:
            FORMATS[format](records, temporary)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def _write_jsonl(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(json_text(record) + "\n" for record in records)


def _write_json(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        for i, record in enumerate(records):
            handle.write((",\n" if i else "[\n") + json_text(record))
        handle.write("\n]\n" if handle.tell() else "[]\n")


def _columns(records: list[Any], format: str) -> list[str]:
    if any(not isinstance(record, dict) for record in records):
        raise DataError(f"{format} holds only records with named fields: write jsonl instead.")
    return list(dict.fromkeys(name for record in records for name in record))


def _write_csv(records: Iterable[Any], path: Path) -> None:
    """Text as it is, None as nothing, other values as JSON."""
    records = list(records)
    names = _columns(records, "csv")
    try:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)  # its line end \r\n makes it quote both characters
            writer.writerow(names)
            writer.writerows([_cell(record.get(name)) for name in names] for record in records)
    except UnicodeEncodeError:
        raise DataError("A record holds half a character, which csv cannot hold: write jsonl instead.") from None


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json_text(value)


def _write_parquet(records: Iterable[Any], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = list(records)
    names = _columns(records, "parquet")
    table = {name: _arrow(name, [record.get(name) for record in records]) for name in names}
    try:
        pq.write_table(pa.table(table), path)
    except pa.ArrowException as error:
        raise DataError(f"parquet cannot hold these records ({error}): write jsonl instead.") from error


def _arrow(name: str, values: list[Any]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        cause = " ".join(str(error).split())[:120]
        raise DataError(f"parquet cannot hold {name} ({cause}): write jsonl instead.") from error


FORMATS: dict[str, Callable[[Iterable[Any], Path], None]] = {
    "jsonl": _write_jsonl,
    "json": _write_json,
    "parquet": _write_parquet,
    "csv": _write_csv,
}
