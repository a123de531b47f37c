"""Which features a model is to label: those named, else those that bring the most in."""

from __future__ import annotations

from core.errors import SelectionError
from core.explain.credit import ledger
from core.features.labeller import most_credited
from core.schema import NOUNS, SelectionSpec
from core.session.session import Session
from core.settings import whole_number, words

PICKS = 300  # greedy ones, whose credits say which features matter most


def wanted_features(session: Session, spec: SelectionSpec, features: str, credited: int) -> list[int]:
    """The features to label: those named, else those credited most; raises SelectionError for one that is not there."""
    if not features:
        selection = session.order(session.full(spec), PICKS).prefix(PICKS)  # without quotas, which are of a budget
        matrix = session.matrix_of(spec)
        return most_credited(matrix, ledger(matrix, selection).feature, selection.rows, credited)
    named, n, called = words(features), session.store.size_of(spec.lens), NOUNS[spec.lens]
    for part in named:
        number = whole_number(part)
        if number is None or number >= n:
            raise SelectionError(f"{part!r} is no {called} of this store: they are 0 to {n - 1}.")
    return list(dict.fromkeys(int(part) for part in named))
