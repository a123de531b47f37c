"""The files of records of a data set: all in one, or split for training and validation; and the weights beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.export.formats import curated_bytes
from core.export.order import held_out, ordered
from core.export.sampling import weights_bytes
from core.export.settings import Shape
from core.schema import Selection
from core.store.reader import FeatureStore

WEIGHTS = "weights.jsonl"


def divided(selection: Selection, store: FeatureStore, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """The kept rows int64 (K,) in their order, and which of them are held out for validation, bool (K,).

    Raises as `ordered` and `held_out`.
    """
    rows = ordered(selection, store, shape.order)
    sources = store.sample_columns("source")["source"][rows]
    return rows, held_out(rows, sources, shape.validation, shape.split_seed)


def curated_files(selection: Selection, store: FeatureStore, shape: Shape, stem: str = "train") -> dict[str, bytes]:
    """The files of records by name: `stem` first, then validation where some are held out, then weights if asked for.

    Raises as `records_of` and `held_out`.
    """
    rows, out = divided(selection, store, shape)
    place = np.argsort(selection.rows)[np.searchsorted(np.sort(selection.rows), rows)]
    written = replace(selection, rows=rows, gains=selection.gains[place])

    def content(part: np.ndarray | None) -> bytes:
        return curated_bytes(written, store, shape.format, "pick", shape.to, part)

    files = {f"{stem}.{shape.format}": content(~out if out.any() else None)}
    if out.any():
        files[f"validation.{shape.format}"] = content(out)
    if shape.sampling != "none":
        learned = replace(written, rows=rows[~out], gains=written.gains[~out])
        files[WEIGHTS] = weights_bytes(learned, store, shape.sampling)
    return files
