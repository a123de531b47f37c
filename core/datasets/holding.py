"""What a format can hold, so that nothing is written that could not be read back as it was."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from core.datasets.layouts.columns import without_nulls
from core.datasets.rows import shorten
from core.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

ADVICE = {"jsonl": "parquet", "json": "parquet", "csv": "jsonl or parquet"}


def unfit(format: str, name: str, what: str) -> DataError:
    """The error for a column that a format cannot hold."""
    return DataError(f"{format} cannot hold {what} in the column {name}: write {ADVICE[format]} instead.")


def values_of(table: pa.Table, format: str) -> list[dict[str, Any]]:
    """The rows of a table as values of JSON or CSV; DataError for a column of a type that these do not have."""
    import pyarrow as pa

    check = _is_cell if format == "csv" else _is_json
    for field in table.schema:
        if not check(pa.types, field.type):
            raise unfit(format, field.name, str(field.type))
    try:
        rows = table.to_pylist()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{format} cannot hold {shorten(error.object)}, which is not UTF-8: write parquet instead."
        ) from error
    if format != "csv":
        for row in rows:
            for name, value in row.items():
                if not _finite(value):
                    raise unfit(format, name, "NaN or infinity")
    return rows


def _is_cell(types: Any, kind: Any) -> bool:
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _is_cell(types, kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return text or types.is_null(kind) or types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)


def _is_json(types: Any, kind: Any) -> bool:
    if types.is_struct(kind):
        return all(_is_json(types, field.type) for field in kind)
    lists = (types.is_list, types.is_large_list, types.is_fixed_size_list, types.is_list_view, types.is_large_list_view)
    if any(is_list(kind) for is_list in lists):
        return _is_json(types, kind.value_type)
    return _is_cell(types, kind)


def _finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


class Cells:
    """Makes the cells of a CSV file, each column of text alone, or of numbers and truths; empty for null.

    Where one mixes them, a reader could not tell 1 from "1", nor null from the empty text: DataError then.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, set[str]] = {}

    def row(self, names: list[str], record: Mapping[str, Any]) -> Iterator[str]:
        """The cells of a record."""
        for name in names:
            value = record.get(name)
            if isinstance(value, list | tuple | dict):
                raise unfit("csv", name, "lists and objects")
            kinds = self._kinds.setdefault(name, set())
            kinds.add("null" if value is None else "number" if not isinstance(value, str) else "text" if value else "")
            if {"number", "text"} <= kinds or {"number", ""} <= kinds:
                raise unfit("csv", name, "numbers beside text")
            if {"null", ""} <= kinds:
                raise unfit("csv", name, "null beside the empty text")
            yield value if isinstance(value, str) else "" if value is None else json.dumps(value, default=str)


def same(values: list[Any], kept: list[Any]) -> bool:
    """Whether a column holds what it was given; members of objects that are null may have come or gone."""
    return all(_same(without_nulls(a), without_nulls(b)) for a, b in zip(values, kept, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, bool) is not isinstance(b, bool):
        return False
    return bool(a == b) or (a != a and b != b)
