"""The samples as a table that Apple's embedding-atlas opens: text, place on the map, what became of it, features."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from core.datasets.writers import write_table
from core.explain.naming import Names
from core.lm.chat import SURROGATE
from core.schema import NOUNS, FeatureMatrix, Selection
from core.selection.inputs import TOKEN_COUNTS
from core.session.session import Session

if TYPE_CHECKING:
    import pyarrow as pa

OPENED = "embedding-atlas {} --text text --x map_x --y map_y --features features"  # the command that opens the file


def atlas_bytes(session: Session, selection: Selection, names: Names) -> bytes:
    """The table as Parquet."""
    content = BytesIO()
    write_table(atlas_table(session, selection, names), content)
    return content.getvalue()


def atlas_table(session: Session, selection: Selection, names: Names) -> pa.Table:
    """A row for each sample, in the order of the store.

    row, id, text (prompt and response), map_x and map_y on the map of the lens, status (kept or left out), pick (the
    number of the pick, none for those left out), source, tokens, then the score columns, and `features`: a list of
    {feature, source, name, number, value}, the strongest first, of those active at θ. embedding-atlas lists them by
    `feature` and `source`, the lens, in queries that a column called x would break. A score that is called as a column
    before it becomes "score NAME".
    """
    import pyarrow as pa

    store, spec = session.store, selection.spec
    known, place = store.sample_columns(), session.projection(spec.lens)
    pick = np.zeros(store.n_samples, np.int64)
    pick[selection.rows] = np.arange(1, len(selection.rows) + 1)
    table: dict[str, Any] = {
        "row": np.arange(store.n_samples),
        "id": _strings(known["id"]),
        "text": _strings(store.texts()),
        "map_x": place["x"],
        "map_y": place["y"],
        "status": np.where(pick > 0, "kept", "left out"),
        "pick": pa.array(pick, mask=pick == 0),
        "source": _strings(known["source"]),
        "tokens": session.info.tokens,
    }
    for name, values in session.info.scores.items():
        if name not in TOKEN_COUNTS:
            table[f"score {name}" if name in table or name == "features" else name] = np.asarray(values, np.float64)
    return pa.table({**table, "features": _features(session.matrix_of(spec), spec.lens, names)})


def _strings(values: Any) -> Any:
    """Texts as Arrow holds them, whose half characters (lone surrogates) became U+FFFD; anything missing is null."""
    import pyarrow as pa

    return pa.array([SURROGATE.sub("\ufffd", v) if isinstance(v, str) else None for v in values], pa.string())


def _features(matrix: FeatureMatrix, lens: str, names: Names) -> Any:
    """Of each sample the active features, the strongest first, ties to the lowest number."""
    import pyarrow as pa

    sample = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    order = np.lexsort((matrix.feature, -matrix.value, sample))
    number, place = np.unique(matrix.feature[order], return_inverse=True)
    called = [SURROGATE.sub("\ufffd", names.name_of(int(f))) for f in number]
    told = [f"{name} ({f})" if name else f"{NOUNS[lens]} {f}" for name, f in zip(called, number.tolist(), strict=True)]
    parts = {
        "feature": pa.array(told, pa.string()).take(pa.array(place)),
        "source": pa.array(np.full(len(order), lens)),
        "name": pa.array(called, pa.string()).take(pa.array(place)),
        "number": pa.array(matrix.feature[order]),
        "value": pa.array(matrix.value[order]),
    }
    entries = pa.StructArray.from_arrays(list(parts.values()), list(parts))
    return pa.ListArray.from_arrays(pa.array(matrix.indptr, pa.int32()), entries)
