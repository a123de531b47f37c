"""What a data set that leaves looks like: format, form and order of its records, its split and its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.export.formats import curated_bytes
from core.export.order import held_out, ordered
from core.export.sampling import SAMPLING, weights_bytes
from core.schema import Selection
from core.settings import check, setting
from core.store.reader import FeatureStore

WEIGHTS = "weights.jsonl"


@dataclass(frozen=True)
class Shape:
    """How the kept records are written. Formats, orders and forms are checked where they are used."""

    format: str = setting("jsonl", "jsonl, json, parquet or csv.")
    order: str = setting("input", "input, pick, source, or a score column from its lowest value up (easy to hard).")
    to: str = setting("original", "original, messages, prompt-completion, alpaca or sharegpt")
    validation: float = setting(0.0, "Share of the records held out for validation, of each source alike.", low=0)
    split_seed: int = setting(0, "Draws the records for validation.", low=0)
    sampling: str = setting(
        "",
        "Weights to draw the records with, in a file weights.jsonl: gain (what a pick added), source or cluster "
        "(each as often as in all of the data).",
        choices=("", *SAMPLING),
    )

    def __post_init__(self) -> None:
        check(self)


def curated_files(selection: Selection, store: FeatureStore, shape: Shape, stem: str = "train") -> dict[str, bytes]:
    """The files of records by name: `stem` first, then validation where some are held out, then weights if asked for.

    Raises as `records_of` and `held_out`.
    """
    rows = ordered(selection, store, shape.order)
    out = held_out(rows, store.sample_columns()["source"][rows], shape.validation, shape.split_seed)
    place = np.argsort(selection.rows)[np.searchsorted(np.sort(selection.rows), rows)]
    written = replace(selection, rows=rows, gains=selection.gains[place])

    def content(part: np.ndarray | None) -> bytes:
        return curated_bytes(written, store, shape.format, "pick", shape.to, part)

    files = {f"{stem}.{shape.format}": content(~out if out.any() else None)}
    if out.any():
        files[f"validation.{shape.format}"] = content(out)
    if shape.sampling:
        learned = replace(written, rows=rows[~out], gains=written.gains[~out])
        files[WEIGHTS] = weights_bytes(learned, store, shape.sampling)
    return files
