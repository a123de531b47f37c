"""In which order the kept records are written, and which of them are held out for validation."""

from __future__ import annotations

import numpy as np

from core.errors import SelectionError
from core.schema import Selection
from core.scoring.columns import score_columns
from core.selection.clustering import allocate
from core.store.reader import FeatureStore

ORDERS = ("input", "pick", "source")


def ordered(selection: Selection, store: FeatureStore, order: str) -> np.ndarray:
    """The picks as they are written: int64 (K,).

    order: input, as in the data; pick; source, those of a source together, by its name; or a score column, from its
    lowest value up, easy to hard by perplexity or ifd, those without a score last. Ties by lowest row.
    Raises SelectionError for an order that is none of these.
    """
    rows = np.sort(selection.rows)
    if order == "pick":
        return selection.rows
    if order == "input":
        return rows
    if order == "source":
        return rows[np.argsort(store.sample_columns("source")["source"][rows].astype(str), kind="stable")]
    scores = score_columns(store)
    if order not in scores:
        columns = f"a score column: {', '.join(scores)}"
        raise SelectionError(f"Unknown order {order!r}: use one of {', '.join(ORDERS)}, or {columns}.")
    return rows[np.argsort(scores[order][rows], kind="stable")]  # NaN comes last


def held_out(rows: np.ndarray, sources: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which of `rows` int64 (K,) are for validation: bool (K,), about `share` of each source, drawn by `seed`.

    sources (K,): of each row. What is drawn depends on the set of rows alone, not on their order. In all
    round(share · K) are held out, at least one, by largest remainder over the sources; none where share is 0.
    Raises SelectionError where no record would be left to train on.
    """
    if not share:
        return np.zeros(len(rows), bool)
    total = max(1, round(share * len(rows)))
    if total >= len(rows):
        raise SelectionError(f"A share of {share:g} for validation leaves none of {len(rows)} records to train on.")
    by_row = np.argsort(rows)
    _, group = np.unique(sources[by_row].astype(str), return_inverse=True)
    size = np.bincount(group)
    drawn = np.random.default_rng(seed).permutation(len(rows))
    place = np.empty(len(rows), np.int64)  # of each record within its source, in the order of the draw
    for source in range(len(size)):
        own = drawn[group[drawn] == source]
        place[own] = np.arange(len(own))
    found = np.empty(len(rows), bool)
    found[by_row] = place < allocate(size, size, total)[group]
    return found
