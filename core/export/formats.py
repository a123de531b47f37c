"""The curated file's content in each format, and how files are written."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.datasets.writers import FORMATS, write_records
from core.errors import DataError, SelectionError
from core.schema import Selection
from core.store.reader import FeatureStore
from core.system.files import replacing

ORDERS = ("input", "pick")


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by the content, or leave it as it was and raise DataError."""
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def preview(selection: Selection, store: FeatureStore, format: str, order: str, records: int = 3) -> tuple[str, str]:
    """The first records as they will stand in the file, and what language to colour them as; Parquet, which is not
    text, as JSON Lines. Raises as `curated_bytes` does.
    """
    rows = selection.rows if order == "pick" else np.sort(selection.rows)
    first = replace(selection, rows=rows[:records])
    shown = "jsonl" if format == "parquet" else format
    return curated_bytes(first, store, shown, "pick").decode(), "json" if shown.startswith("json") else "text"


def format_of(path: Path, otherwise: str = "jsonl") -> str:
    """The format that a file's name ends with; `otherwise`, JSON Lines, if it is none of FORMATS."""
    ending = path.suffix.lower().lstrip(".")
    return ending if ending in FORMATS else otherwise


def curated_bytes(selection: Selection, store: FeatureStore, format: str = "jsonl", order: str = "input") -> bytes:
    """The curated file's content."""
    for name, value, known in (("format", format, FORMATS), ("order", order, ORDERS)):
        if value not in known:
            raise SelectionError(f"Unknown {name} {value!r}: use one of {', '.join(known)}.")
    rows = selection.rows if order == "pick" else np.sort(selection.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curated"
        write_records((s.raw for s in store.samples(rows)), path, format)
        return path.read_bytes()
