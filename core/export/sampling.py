"""How often each kept record is to be drawn in training: weights in a file of their own, the records stay as they are.

A weight is a function of (selection, store) and an entry of `SAMPLING`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.datasets.originals import json_text
from core.schema import Selection
from core.store.reader import FeatureStore


def by_gain(selection: Selection, store: FeatureStore) -> np.ndarray:
    """What each pick added to coverage; one that added nothing counts as the smallest gain, so that it is drawn too."""
    least = np.min(selection.gains, where=selection.gains > 0, initial=np.inf)
    return np.maximum(selection.gains, least if np.isfinite(least) else 1.0)


def by_source(selection: Selection, store: FeatureStore) -> np.ndarray:
    """Each source is drawn as often as it occurs in all of the data, whatever share of it was kept."""
    _, group = np.unique(store.sample_columns("source")["source"].astype(str), return_inverse=True)
    return as_in_the_data(group, selection.rows)


def by_topic(selection: Selection, store: FeatureStore) -> np.ndarray:
    """The same of the strongest topic of each sample, or none; raises StoreError where the store has no topics."""
    matrix = store.matrix("all", lens="topics")
    sample = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    strongest_first = np.lexsort((matrix.feature, -matrix.value, sample))
    group, some = np.full(matrix.n_samples, matrix.n_features), matrix.counts > 0
    group[some] = matrix.feature[strongest_first[matrix.indptr[:-1][some]]]
    return as_in_the_data(group, selection.rows)


def as_in_the_data(group: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Weights that give each group among `rows` its share of all samples: float64 (K,); group int (N,)."""
    every, kept = np.bincount(group), np.bincount(group[rows], minlength=int(group.max()) + 1)
    return every[group[rows]] / kept[group[rows]]


SAMPLING: dict[str, Callable[[Selection, FeatureStore], np.ndarray]] = {
    "gain": by_gain,
    "source": by_source,
    "topic": by_topic,
}


def sampling_weights(selection: Selection, store: FeatureStore, by: str) -> np.ndarray:
    """The weight of each pick by one of SAMPLING, 1 on average: float64 (K,)."""
    weight = np.asarray(SAMPLING[by](selection, store), np.float64)
    return weight / weight.mean()


def weights_bytes(selection: Selection, store: FeatureStore, by: str) -> bytes:
    """JSON Lines: row of the input, id if there is one, and weight of each pick, in the order of the picks."""
    columns, weights = store.sample_columns(), sampling_weights(selection, store, by).round(6).tolist()
    rows, ids = (columns[name][selection.rows].tolist() for name in ("source_row", "id"))
    lines = (
        {"row": row, **({"id": name} if name else {}), "weight": weight}
        for row, name, weight in zip(rows, ids, weights, strict=True)
    )
    return "".join(json_text(line) + "\n" for line in lines).encode()
