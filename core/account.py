"""One sample's account in a selection, as plain values: what brought it in, or what stands in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.explain import covering_picks, ledger
from core.schema import Selection, SelectionSpec
from core.selection.constraints import check_rows
from core.session import Session

SHOWN = 20  # features or picks named


def account(session: Session, spec: SelectionSpec, row: int) -> dict[str, Any]:
    """Rank, round, gain and credited features of a pick; redundancy, gain now, admission budget of the others.

    Raises SelectionError if there is no such row.
    """
    check_rows([row], session.store.n_samples)
    selection, order = session.selection(spec), session.order(spec)
    matrix, whole = session.matrix(spec.scope, spec.theta), len(order.rows) > len(selection.rows)
    book = ledger(matrix, selection, order if whole else None)
    at = np.flatnonzero(selection.rows == row)
    if len(at):
        return _pick(session, selection, book, row, int(at[0]))
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


def _pick(session: Session, selection: Selection, book: Any, row: int, rank: int) -> dict[str, Any]:
    faces = session.remember("faces", session.store.faces)
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
