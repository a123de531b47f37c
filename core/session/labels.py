"""What tells the samples of a store apart: source, language, cluster, strongest topic, columns of the data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix
from core.selection.bounds import MOST_GROUPS
from core.selection.clustering import Clusters
from core.selection.quotas import MARKED, NONE
from core.session.languages import labels_by_language
from core.store.queries import records
from core.store.reader import FeatureStore

OWN = ("source", "language", "cluster", "topic", *MARKED)  # a column of the data of such a name stands behind


def labels_of(
    store: FeatureStore,
    by: str,
    clusters: Callable[[int], Clusters],
    columns: Callable[[], Mapping[str, np.ndarray]],
) -> np.ndarray:
    """The group of each sample, text (N,), NONE where it has none. by: source; language, a code; cluster, by `clusters`
    of a number of them; topic: the number of the strongest; or one of `columns`, which are `label_columns`.

    Raises SelectionError where the store has no such thing, saying which columns it has.
    """
    if by == "source":
        found = store.sample_columns("source")["source"].astype(str)
        return np.where(found == "", NONE, found)
    if by == "language":
        return labels_by_language(store)
    if by == "cluster":
        return clusters(n_clusters(store.n_samples)).label.astype(str)
    if by == "topic":
        store.require("topics")
        return strongest_topics(store.matrix(lens="topics"))
    known = columns()
    if by not in known:
        have = ", ".join(["source", "language", "cluster", *(["topic"] if "topics" in store.lenses else []), *known])
        raise SelectionError(f"The samples are not told apart by {by!r}: use {have}, set:NAME or tag:NAME.")
    return known[by]


def n_clusters(n_samples: int) -> int:
    """Into how many clusters samples go where nobody says."""
    return min(12, max(2, n_samples // 10))


def strongest_topics(matrix: FeatureMatrix) -> np.ndarray:
    """The number of the topic with the largest value of each sample, ties to the lowest; NONE without: text (N,)."""
    label, some = np.full(matrix.n_samples, NONE, dtype=object), matrix.counts > 0
    row = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    order = np.lexsort((-matrix.value, row))  # stable: of equal values the lowest topic, as rows are sorted by them
    label[some] = matrix.feature[order[matrix.indptr[:-1][some]]].astype(str)
    return label.astype(str)


def label_columns(store: FeatureStore) -> dict[str, np.ndarray]:
    """The columns of the data that tell samples apart: 2 to MOST_GROUPS short texts, numbers or truths, text (N,)."""
    labels: dict[str, dict[int, str]] = {}
    values: dict[str, set[str]] = {}
    unfit = {*OWN}
    for row, record in enumerate(records(store)):
        for name, value in record.items() if isinstance(record, dict) else ():
            if name in unfit:
                continue
            text, seen = label_of(value), values.setdefault(name, set())
            seen.add(text or "")
            if text is None or len(seen) > MOST_GROUPS or re.search("[:<>=]", name):
                unfit.add(name)
                labels.pop(name, None)
                continue
            labels.setdefault(name, {})[row] = text
    n = store.n_samples
    found = {name: np.array([of.get(row, NONE) for row in range(n)]) for name, of in labels.items()}
    return {name: label for name, label in found.items() if 2 <= len(np.unique(label)) <= MOST_GROUPS}


def label_of(value: Any) -> str | None:
    """What a value says as a label; None if it is too long or no single value."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 100):
        return str(value)
    return None
