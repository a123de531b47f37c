"""One sample's account in a selection, as plain values: what brought it in, or what stands in its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.explain.covers import smallest_cover
from core.explain.credit import Ledger, ledger
from core.explain.naming import Names
from core.explain.rejects import reasons
from core.explain.sentences import told
from core.explain.similar_samples import most_similar_kept
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import check_rows
from core.selection.inputs import SampleInfo

SHOWN = 20  # features or samples named


def account(
    matrix: FeatureMatrix,
    selection: Selection,
    order: Selection,
    row: int,
    names: Names | None = None,
    samples: SampleInfo | None = None,
) -> dict[str, Any]:
    """Why a sample is kept or left out, in sentences and in figures, and the kept samples most like it.

    order: the method's order of all samples, of which `selection` may be a prefix; samples: what its method asks for.
    Raises SelectionError if there is no such row.
    """
    check_rows([row], matrix.n_samples)
    names = names or Names()
    book = ledger(matrix, selection, order if len(order.rows) > len(selection.rows) else None)
    rank = np.flatnonzero(selection.rows == row)
    found = {
        "row": row,
        "kept": bool(len(rank)),
        "lens": selection.spec.lens,
        "method": selection.spec.method,
        "why": told(matrix, selection, book, row, names, samples),
        "active features": int(book.n_active[row]),
    }
    if len(rank):
        found |= _kept(selection, book, names, int(rank[0]))
    else:
        found["reason"] = reasons(matrix, selection, samples, [row], names=names)[0]
        found |= _left_out(matrix, selection, book, names, row)
    return found | {"most similar kept": _similar(matrix, selection, row)}


def _kept(selection: Selection, book: Ledger, names: Names, rank: int) -> dict[str, Any]:
    first, last = book.ptr[rank], book.ptr[rank + 1]
    strongest = sorted(range(first, last), key=lambda i: -book.value[i])[:SHOWN]
    return {
        "pick": rank + 1,
        "round": int(selection.round[rank]),
        "gain": float(selection.gains[rank]),
        "credited features": int(last - first),
        "credited": [
            {"feature": (f := int(book.feature[i])), "value": float(book.value[i]), "name": names.name_of(f)}
            for i in strongest
        ],
    }


def _left_out(matrix: FeatureMatrix, selection: Selection, book: Ledger, names: Names, row: int) -> dict[str, Any]:
    cover, budget = smallest_cover(matrix, selection, row), int(book.budget_in[row])
    return {
        "redundancy": float(book.redundancy[row]),
        "gain now": float(book.gain_now[row]),
        "admission budget": budget if budget > 0 else "not in this order",
        "smallest cover": [
            {"row": kept, "of its features": len(has), "such as": names.listed(has, selection.spec.lens)}
            for kept, has in zip(cover.rows.tolist()[:SHOWN], cover.features, strict=False)
        ],
        "no kept sample has": names.listed(cover.left, selection.spec.lens),
    }


def _similar(matrix: FeatureMatrix, selection: Selection, row: int) -> list[dict[str, Any]]:
    place = {int(kept): rank + 1 for rank, kept in enumerate(selection.rows)}
    found = zip(*(array.tolist() for array in most_similar_kept(matrix, selection, row)), strict=True)
    return [{"row": kept, "pick": place[kept], "similarity": round(similarity, 4)} for kept, similarity in found]
