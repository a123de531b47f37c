"""Forty credited topics to be read: python -m benchmarks.credited STORE [BUDGET]

Of the first 40 picks of sae-greedy through topics, forty of the topics that they were credited with, drawn with seed 0:
pick, row, topic, value, samples with it, its name, and the beginning of the sample. docs/topics.md has the verdicts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from core.explain.credit import ledger
from core.features.shown_labels import called_of
from core.schema import SelectionSpec
from core.session.session import open_session
from core.system.files import store_at

PICKS, DRAWN = 40, 40


def main(store: Path, budget: int) -> None:
    """Print the table."""
    session = open_session(store)
    spec = SelectionSpec(budget=budget, lens="topics", theta=session.default_theta("all", "topics")[0])
    selection, matrix = session.selection(spec), session.matrix_of(spec)
    book, times = ledger(matrix, selection), np.bincount(matrix.feature, minlength=matrix.n_features)
    names = called_of(session.store, lens="topics")
    drawn = np.random.default_rng(0).choice(int(book.ptr[PICKS]), DRAWN, replace=False)
    table = Table("pick", "row", "topic", "value", "samples", "name", "sample")
    for entry in np.sort(drawn).tolist():
        rank = int(np.searchsorted(book.ptr, entry, side="right")) - 1
        row, topic = int(selection.rows[rank]), int(book.feature[entry])
        (sample,) = session.store.samples([row])
        text = " ".join(f"{sample.prompt[:90]} ⇒ {sample.response[:60]}".split())
        cells = (rank + 1, row, topic, f"{book.value[entry]:.2f}", times[topic], names[topic], text)
        table.add_row(*map(str, cells))
    Console(width=180, markup=False).print(table)


if __name__ == "__main__":
    main(store_at(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
