"""The curated file's content in each form and format."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from itertools import compress, islice
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.arrow_rows import rows_of
from core.datasets.writers import FORMATS, n_rows, write_records, write_table
from core.errors import DataError, SelectionError
from core.export.forms import in_form
from core.export.order import ordered
from core.schema import Selection
from core.store.originals import originals
from core.store.reader import FeatureStore


def preview(
    selection: Selection, store: FeatureStore, format: str, order: str, records: int = 3, to: str = "original"
) -> tuple[str, str]:
    """The first records as they will stand in the file, and what language to colour them as; Parquet, which is not
    text, as JSON Lines. Raises as `curated_bytes` does, for a record further down only if the form cannot hold it.
    """
    shown = "jsonl" if format == "parquet" else format
    if to == "original":  # none of the others needs to be looked at
        selection, order = replace(selection, rows=ordered(selection, store, order)[:records]), "pick"
    first: Iterable[Any] = islice(records_of(selection, store, format, order, to), records)
    if format == "parquet":
        first = map(_shown, first)
    return _written(first, shown).decode(), "json" if shown.startswith("json") else "text"


def format_of(path: Path, otherwise: str = "jsonl") -> str:
    """The format that a file's name ends with; `otherwise`, JSON Lines, if it is none of FORMATS."""
    ending = path.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else otherwise


def curated_bytes(
    selection: Selection,
    store: FeatureStore,
    format: str = "jsonl",
    order: str = "input",
    to: str = "original",
    part: np.ndarray | None = None,
) -> bytes:
    """The curated file's content; `to` is the form of its records, one of FORMS.

    part bool (K,): only those of the records in their order; fields and types are those of all, so that the parts of a
    split have the same.
    """
    records = list(records_of(selection, store, format, order, to))
    if part is not None and format == "parquet":
        return _parquet_part(_written(records, format), np.repeat(part, list(map(n_rows, records))))
    return _written(records if part is None else compress(records, part), format)


def records_of(
    selection: Selection, store: FeatureStore, format: str, order: str, to: str = "original"
) -> Iterable[Any]:
    """The records in their order and form.

    Raises SelectionError for an unknown format, order or form, DataError for what the form or csv cannot hold.
    """
    if format not in FORMATS:
        raise SelectionError(f"Unknown format {format!r}: use one of {', '.join(FORMATS)}.")
    rows = ordered(selection, store, order)
    if to == "original":
        return originals(store, rows)
    records = in_form(store.samples(rows), store.sample_columns("source_row")["source_row"][rows].tolist(), to)
    return UNFIT[format](records, to) if format in UNFIT else records


def original_bytes(store: FeatureStore, rows: Iterable[int]) -> bytes:
    """The original records of any rows as JSON Lines."""
    return _written(originals(store, rows), "jsonl")


def fields_of(selection: Selection, store: FeatureStore, to: str) -> tuple[str, ...]:
    """The fields that all records have in a form; none for the original ones, which may differ. Raises as in_form."""
    return () if to == "original" else tuple(next(iter(records_of(selection, store, "jsonl", "pick", to)), ()))


def _without_lists(records: Iterable[dict[str, Any]], to: str) -> Iterable[dict[str, Any]]:
    """Records for csv, where a trainer would read a list as text; DataError for the first list."""
    for record in records:
        for name, value in record.items():
            if isinstance(value, list):
                raise DataError(f"csv cannot hold the lists in {name} of the form {to}: take jsonl, json or parquet.")
        yield record


def _without_calls(records: Iterable[dict[str, Any]], to: str) -> Iterable[dict[str, Any]]:
    """Records for parquet, which would give every turn the members of all; DataError for the first call of a tool."""
    for record in records:
        if any("tool_calls" in turn for turn in record.get("messages", ())):
            raise DataError(f"parquet cannot hold the tool calls in the form {to} as they are: take jsonl or json.")
        yield record


UNFIT = {"csv": _without_lists, "parquet": _without_calls}  # by format: what refuses records of a form


def _shown(record: Any) -> Any:
    """A record as it can be shown as JSON: of the types that JSON has not, the text."""
    return next(rows_of(record.to_batches())).value if hasattr(record, "to_batches") else record


def _written(records: Iterable[Any], format: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curated"
        write_records(records, path, format)
        return path.read_bytes()


def _parquet_part(content: bytes, part: np.ndarray) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    write_table(pq.read_table(pa.BufferReader(content)).filter(pa.array(part)), sink)
    return sink.getvalue().to_pybytes()
