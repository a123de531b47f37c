"""Methods side by side on one store: what each covers, costs and shares with the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import SelectionError
from core.matrix.statistics import LengthEffect, length_effect
from core.matrix.transpose import row_sums
from core.schema import Selection, SelectionSpec
from core.selection.checks import completed
from core.selection.constraints import ignored
from core.selection.inputs import TOKEN_COUNTS
from core.selection.registry import METHODS
from core.session.budgets import DRAWS, random_draws
from core.session.session import Session, by_method
from core.studies.length import scope_tokens


@dataclass(frozen=True)
class MethodRow:
    """One method at one budget, in samples or tokens.

    samples: how many picks; covered: features active in at least one; tokens: of all picks; redundancy: share of the
    picks' active features that an earlier pick has, ignored features left out of either; quality: mean score, nan
    without a column; overlap: share of the picks that other methods pick too. For `random` the median of the draws, and
    the overlap of the first. why: what a method lacks that could not run.
    """

    method: str
    share: float
    budget: int
    samples: int = 0
    covered: float = float("nan")
    tokens: float = float("nan")
    redundancy: float = float("nan")
    quality: float = float("nan")
    overlap: dict[str, float] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Comparison:
    """rows: methods × budgets; coverable: features that all samples together cover; length: tokens against features."""

    theta: float
    coverable: int
    length: LengthEffect
    score: str
    rows: tuple[MethodRow, ...]
    lens: str


def compare(
    session: Session,
    spec: SelectionSpec,
    shares: Sequence[float],
    methods: Sequence[str] = tuple(METHODS),
    score: str = "",
    reference: str = "",
    draws: int = DRAWS,
    on_method: Callable[[str], None] = lambda name: None,
) -> Comparison:
    """Run every method with the decisions of `spec` at budgets that are shares of the samples, or of their tokens.

    score: the column for mean quality and for methods that need one; default: the first that is not a token count.
    reference: what the methods with targets steer to, a store, or a set or tag that `spec.sets` has.
    """
    scores = [name for name in session.info.scores if name not in TOKEN_COUNTS]
    if score and score not in session.info.scores:
        raise SelectionError(f"There is no score column {score!r}: the columns are {', '.join(session.info.scores)}.")
    score = score or (scores[0] if scores else "")
    found: dict[tuple[str, float], list[Selection] | str] = {}
    for method in methods:
        on_method(method)
        for share in shares:
            task = replace(by_method(spec, method), budget=budget_of(session, spec, share))
            found[method, share] = runs(session, completed(task, score, reference), draws)
    matrix = session.matrix_of(spec)
    credit = row_sums(matrix.indptr, matrix.feature, (~ignored(matrix, spec)).astype(np.float64))
    rows = tuple(_row(session, spec, method, share, found, score, credit) for share in shares for method in methods)
    length = length_effect(matrix, scope_tokens(session.store, "all"))
    return Comparison(spec.theta, session.coverable(spec), length, score, rows, spec.lens)


def budget_of(session: Session, spec: SelectionSpec, share: float) -> int:
    """A share of all samples, or of their tokens, by the unit of `spec`: at least 1."""
    return max(1, round(share * session.total(spec.unit)))


def runs(session: Session, spec: SelectionSpec, draws: int) -> list[Selection] | str:
    """The selection, of `random` those of all draws, or what the method lacks."""
    try:
        return random_draws(session, spec, draws) if spec.method == "random" else [session.selection(spec)]
    except SelectionError as error:
        return str(error)


def _row(
    session: Session,
    spec: SelectionSpec,
    method: str,
    share: float,
    found: dict[tuple[str, float], list[Selection] | str],
    score: str,
    credit: np.ndarray,
) -> MethodRow:
    """A method at a share; credit float64 (N,): each sample's active features that are not ignored."""
    own, budget = found[method, share], budget_of(session, spec, share)
    if isinstance(own, str):
        return MethodRow(method, share, budget, budget if spec.unit == "samples" else 0, why=own)
    quality = session.info.scores.get(score)
    others = {m: s[0] for (m, at), s in found.items() if at == share and m != method and not isinstance(s, str)}
    return MethodRow(
        method,
        share,
        budget,
        samples=round(float(np.median([len(s.rows) for s in own]))),
        covered=float(np.median([s.covered_after[-1] for s in own])),
        tokens=float(np.median([session.info.tokens[s.rows].sum() for s in own])),
        redundancy=float(np.median([_repeated(s, credit) for s in own])),
        quality=float(np.median([np.nanmean(quality[s.rows]) for s in own])) if quality is not None else float("nan"),
        overlap={m: len(np.intersect1d(own[0].rows, s.rows)) / len(own[0].rows) for m, s in others.items()},
    )


def _repeated(selection: Selection, credit: np.ndarray) -> float:
    """The share of the picks' features that an earlier pick has, ignored ones left out of both; 0 if there are none."""
    total = float(credit[selection.rows].sum())
    return 1 - float(selection.covered_after[-1]) / total if total else 0.0
