"""One sample's account in a selection, as plain values: what brought it in, or what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.explain.credit import Ledger, covering_picks, ledger
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import check_rows

SHOWN = 20  # features or picks named


def account(
    matrix: FeatureMatrix, selection: Selection, order: Selection, faces: Mapping[int, str], row: int
) -> dict[str, Any]:
    """Rank, round, gain and credited features of a pick; redundancy, gain now, admission budget of the others.

    order: the method's order of all samples, of which `selection` may be a prefix; faces: the tokens at each feature's
    strongest peaks. Raises SelectionError if there is no such row.
    """
    check_rows([row], matrix.n_samples)
    book = ledger(matrix, selection, order if len(order.rows) > len(selection.rows) else None)
    at = np.flatnonzero(selection.rows == row)
    if len(at):
        return _pick(selection, book, faces, row, int(at[0]))
    covering = covering_picks(matrix, selection, row)[:SHOWN]
    return {
        "row": row,
        "kept": False,
        "active features": int(book.n_active[row]),
        "redundancy": float(book.redundancy[row]),
        "gain now": float(book.gain_now[row]),
        "admission budget": int(book.budget_in[row]) if book.budget_in[row] > 0 else "not in this order",
        "covering_picks": [{"pick": c.rank + 1, "row": c.row, "of its features": c.n_features} for c in covering],
    }


def _pick(selection: Selection, book: Ledger, faces: Mapping[int, str], row: int, rank: int) -> dict[str, Any]:
    first, last = book.ptr[rank], book.ptr[rank + 1]
    strongest = sorted(range(first, last), key=lambda i: -book.value[i])[:SHOWN]
    return {
        "row": row,
        "kept": True,
        "pick": rank + 1,
        "round": int(selection.round[rank]),
        "gain": float(selection.gains[rank]),
        "active features": int(book.n_active[row]),
        "credited features": int(last - first),
        "credited": [
            {
                "feature": int(book.feature[i]),
                "value": float(book.value[i]),
                "strongest tokens": faces.get(int(book.feature[i]), ""),
            }
            for i in strongest
        ],
    }
