"""Records out of each kind of container.

A new container goes here, by one function `RecordFile -> Iterator[(position, record or BadRow)]` and one entry in
`READERS`, under the name that `containers.RecordFile` gives it.
Rows are counted from 0, as in `Sample.row`; lines from 1, as in editors.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator

from core.datasets.arrow_rows import MOST_ROWS, arrow, parquet, rows_of
from core.datasets.containers import RecordFile
from core.datasets.hub_rows import HUB_ID, load_hub
from core.datasets.json_array import json_array
from core.datasets.json_object import json_object, outline
from core.datasets.json_window import is_record, unfinished
from core.datasets.rows import BLOCK, LONGEST, BadRow, Record, reason_of, require_distinct, shorten, too_long
from core.errors import DataError

EXCEL = ["sep=", ""]  # a first line that tells Excel the delimiter, split by it


def _lines(file: RecordFile) -> Iterator[str]:
    """Lines with their ends; only a line feed ends one, since JSON strings may hold the other separators."""
    parts: list[str] = []
    number = 1
    for chunk in file.text():
        *whole, rest = chunk.split("\n")
        for piece in whole:
            yield "".join([*parts, piece, "\n"])
            parts.clear()
        number += len(whole)
        parts.append(rest)
        if len(parts) > LONGEST // BLOCK and sum(map(len, parts)) > LONGEST:
            raise too_long(file.source, f"line {number}")
    last = "".join(parts)
    if last and file.truncated_at:  # the gzip data broke off: the line may look whole and is not
        file.truncated_at = f"line {number}"
    elif last:
        yield last


def _json_lines(file: RecordFile) -> Iterator[Record]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            yield Record(where, json.loads(line), line.rstrip("\r\n"))
        except (ValueError, RecursionError) as error:
            cut = isinstance(error, json.JSONDecodeError) and unfinished(error) and not line.endswith("\n")
            if cut:
                file.truncated_at = where
            else:
                yield Record(where, BadRow(where, reason_of(error), value=shorten(line)))


def _json_object(file: RecordFile) -> Iterator[Record]:
    """One object: itself a record, or around one list of records; or the first of several, of which each is a line."""
    found = outline(file)
    if found.more and is_record(found.members):
        yield from _json_lines(file)
    else:
        yield from json_object(file, found)


def _csv(file: RecordFile) -> Iterator[Record]:
    csv.field_size_limit(LONGEST)
    first = next(filter(str.strip, _lines(file)), "")
    if not first:  # it is cut off before the end of its first line
        return
    delimiter = max(",;\t", key=lambda mark: len(next(csv.reader([first.replace("\r", "")], delimiter=mark))))
    reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        where = f"line {reader.line_num + 1}"
        try:
            values = next(reader, None)
        except csv.Error as error:
            problem = f"not valid CSV ({error})"
            if "end of data" in str(error) and file.truncated_at:
                file.truncated_at = where
                return
            if "end of data" in str(error):
                problem = (
                    f"a quote is not closed, so that the {reader.line_num} lines to the end of the file are one row"
                )
            yield Record(where, BadRow(where, problem))
            continue
        if values is None:
            return
        if not header:
            header = [] if values == EXCEL else _csv_header(file, values)
        elif len(values) == len(header):
            yield Record(where, dict(zip(header, values, strict=True)))
        elif values:
            problem = f"{len(values)} values where the first line names {len(header)} columns"
            yield Record(where, BadRow(where, problem, value=shorten(values)))


def _csv_header(file: RecordFile, names: list[str]) -> list[str]:
    if len(names) == 1:
        raise DataError(f"{file.source} is not JSON, JSON Lines, Parquet or CSV with at least two columns.")
    if names.count("") > 1:
        names = [name or f"column {i}" for i, name in enumerate(names, 1)]
    require_distinct(file.source, names)
    return names


def _hub(file: RecordFile) -> Iterator[Record]:
    match = HUB_ID.fullmatch(str(file.source))
    assert match  # the container was found by it
    try:
        rows = load_hub(match["name"], match["config"], match["revision"], match["split"] or "train")
    except Exception as error:  # the library raises errors of many libraries beneath it
        cause = " ".join(str(error).split())[:200]
        raise DataError(f"{file.source} cannot be loaded from the Hugging Face hub: {cause}") from error
    yield from rows_of(batch for table in rows.with_format("arrow").iter(MOST_ROWS) for batch in table.to_batches())


READERS: dict[str, Callable[[RecordFile], Iterator[Record]]] = {
    "JSON array": json_array,
    "JSON Lines": _json_lines,
    "JSON object": _json_object,
    "CSV": _csv,
    "Parquet": parquet,
    "Arrow": arrow,
    "Hugging Face hub": _hub,
}


def hint(format: str, n_rows: int) -> str:
    """What may be wrong with a file of whose rows none can be used."""
    if format == "CSV":
        return "The first line of a CSV must name its columns: write the names above the data if it does not."
    if n_rows == 1 and format in ("JSON Lines", "JSON object"):
        return "If that object holds several records, such as a list for each column, write one record a line."
    return ""


def records(file: RecordFile) -> Iterator[Record]:
    """The records of a file or hub id, to be gone through once; raises DataError where it cannot be read."""
    try:
        yield from READERS[file.format](file)
    except OSError as error:
        raise DataError(f"{file.source} cannot be read: {error.strerror or error}.") from error
