"""Why a sample is kept or left out, in sentences of plain text: decisions first, then the method, then its features.

Names come from labels and so from data: whoever shows a sentence escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.explain.covers import Cover, smallest_cover
from core.explain.credit import Ledger
from core.explain.naming import Names, enumerated
from core.explain.rejects import excluded_in, reasons
from core.explain.similar_samples import most_similar_kept
from core.matrix.threshold import at_theta
from core.schema import NOUNS, FeatureMatrix, Selection
from core.selection.constraints import check_rows
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.system.shown import many

ABOUT = {"topics": "about", "tokens": "with"}
CLEAR = 0.75  # a sample is about a topic, rather than touching on it, from this share of its strongest one's value
HOW = {  # what a method's phrase begins with, and what it then says in a sentence
    "budget: ": "Left out by the budget: ",
    "redundant: ": "Left out as redundant: ",
    "quota: ": "Left out: ",
    "too near": "Left out as too near",
    "": "Left out because ",
}
LISTED = 3  # rows of a cover that are named


def told(
    matrix: FeatureMatrix,
    selection: Selection,
    book: Ledger,
    row: int,
    names: Names | None = None,
    samples: SampleInfo | None = None,
) -> str:
    """Why `row` is kept or left out, a few sentences.

    book: the selection's ledger; samples: what its method asked for. Raises SelectionError if there is no such row.
    """
    check_rows([row], matrix.n_samples)
    names, matrix = names or Names(), at_theta(matrix, selection.spec.theta)
    if came := came_in(matrix, selection, book, row, names):
        said = [came, discounted(matrix, selection, row, names), likeness(matrix, selection, row)]
        return " ".join(filter(None, said))
    said = [barred(matrix, selection, row, names, samples), discounted(matrix, selection, row, names)]
    said.append(coverage(matrix, selection, row, names))
    said += [likeness(matrix, selection, row) if book.redundancy[row] else "", entry(selection, book, row)]
    return " ".join(filter(None, said))


def in_short(
    matrix: FeatureMatrix,
    selection: Selection,
    book: Ledger,
    row: int,
    names: Names | None = None,
    samples: SampleInfo | None = None,
) -> str:
    """For a list: how `row` came in, or what keeps it out and with which budget it enters; arguments as of `told`."""
    check_rows([row], matrix.n_samples)
    names, matrix = names or Names(), at_theta(matrix, selection.spec.theta)
    if came := came_in(matrix, selection, book, row, names):
        return came
    return " ".join(filter(None, (barred(matrix, selection, row, names, samples), entry(selection, book, row))))


# --- kept


def came_in(matrix: FeatureMatrix, selection: Selection, book: Ledger, row: int, names: Names) -> str:
    """What a kept sample owes its place to; nothing of one that is left out."""
    if not len(rank := np.flatnonzero(selection.rows == row)):
        return ""
    return f"{opening(selection, int(rank[0]))} {novelty(matrix, selection, book, int(rank[0]), names)}"


def opening(selection: Selection, rank: int) -> str:
    """Its place, or the pin that it owes it to; for a method that does not count features, what it goes by."""
    if selection.rows[rank] in selection.spec.pins:
        return "Kept because you pinned it."
    place = f"Kept as number {rank + 1:,} of {len(selection.rows):,}"
    by = METHODS[selection.spec.method].takes
    return f"{place}: {by}." if by else f"{place}."


def novelty(matrix: FeatureMatrix, selection: Selection, book: Ledger, rank: int, names: Names) -> str:
    """What it was the first to have, and how many of its features counted for its gain."""
    row, noun, lens = int(selection.rows[rank]), NOUNS[selection.spec.lens], selection.spec.lens
    active, new = int(book.n_active[row]), int(book.ptr[rank + 1] - book.ptr[rank])
    if not active:
        return f"It has no active {noun} that counts."
    features = strongest(matrix, row)
    first = features[book.credit[features] == rank]
    was = fresh(selection, rank, new)
    if not new:
        return f"None of its {active:,} {noun}s {was}." if active > 1 else f"It has one {noun}, and that is not new."
    counted = f"{share(new, active, noun)} {was}."
    if not len(first):
        return counted[0].upper() + counted[1:]
    clear = first[np.isin(first, clearest(matrix, row))] if lens == "topics" else first
    about = ABOUT[lens] if len(clear) else "that touches on"
    return f"It is the first sample {about} {names.listed(clear if len(clear) else first, lens)}; {counted}"


def fresh(selection: Selection, rank: int, n: int) -> str:
    """That `n` features of a pick counted for its gain: were new, in its round, or in fewer than r picks of it."""
    number, r = int(selection.round[rank]), selection.spec.multiplicity
    when = f" in round {number}" if number > 1 else ""
    return f"{'was' if n < 2 else 'were'} {'new' if r == 1 else f'in fewer than {r} kept samples before'}{when}"


# --- left out


def barred(matrix: FeatureMatrix, selection: Selection, row: int, names: Names, samples: SampleInfo | None) -> str:
    """The decisions that bar it, else the method's own reason."""
    spec, why = selection.spec, []
    if row in spec.bans:
        why.append("you banned it")
    if len(which := excluded_in(matrix, spec, row)):
        why.append(f"it has {names.numbered(which, spec.lens)}, whose samples you excluded")
    if why:
        return f"Left out because {' and because '.join(why)}."
    phrase = reasons(matrix, selection, samples, [row])[0]
    start = next(start for start in HOW if phrase.startswith(start))
    return f"{HOW[start]}{phrase.removeprefix(start)}."


def coverage(matrix: FeatureMatrix, selection: Selection, row: int, names: Names) -> str:
    """How much of it the kept samples have, which few of them have it, and what is missing."""
    found, lens = smallest_cover(matrix, selection, row), selection.spec.lens
    n = found.covered + len(found.left)
    if not n:
        return ""
    if not found.covered:
        return f"No kept sample has {f'any of its {n:,} {NOUNS[lens]}s' if n > 1 else f'its one {NOUNS[lens]}'}."
    missing = strongest(matrix, row, found.left)
    verb = "is" if len(missing) == 1 else "are"
    rest = f"; {names.listed(missing, lens)} {verb} missing" if len(missing) else ""
    return f"{who(found)} {share(found.covered, n, NOUNS[lens])}{rest}."


def who(cover: Cover) -> str:
    """The rows of a cover, or that all kept samples are needed."""
    rows = [f"{row:,}" for row in cover.rows.tolist()]
    if len(rows) == 1:
        return f"Kept row {rows[0]} has"
    return f"Kept rows {enumerated(rows)} together have" if len(rows) <= LISTED else "The kept samples together have"


def entry(selection: Selection, book: Ledger, row: int) -> str:
    """The budget with which it would be kept, where the method's order says so."""
    budget = int(book.budget_in[row])
    if budget < 0:
        return ""
    told = many(budget, "sample") if budget else f"more than {many(book.known, 'sample')}"
    return f"It enters with a budget of {told}."


# --- both


def discounted(matrix: FeatureMatrix, selection: Selection, row: int, names: Names) -> str:
    """Which of its features do not count because a person ignores them."""
    spec = selection.spec
    which = [f for f in strongest(matrix, row).tolist() if spec.vetoes.get(f) == "ignore"]
    if not which:
        return ""
    told_of, does = names.numbered(which, spec.lens), "does" if len(which) == 1 else "do"
    return f"{told_of[0].upper()}{told_of[1:]}, which you ignore, {does} not count."


def likeness(matrix: FeatureMatrix, selection: Selection, row: int) -> str:
    """The kept sample most like it, by the one similarity that there is."""
    rows, similarity = most_similar_kept(matrix, selection, row, 1)
    if not len(rows):
        return f"No other kept sample shares a {NOUNS[selection.spec.lens]} with it."
    return f"Most similar kept sample: row {rows[0]:,} ({similarity[0]:.2f})."


def share(part: int, whole: int, noun: str) -> str:
    """4 of its 8 topics, all 8 of its topics, both its topics, its one topic; part ≥ 1."""
    if part == whole < 3:
        return f"its one {noun}" if whole == 1 else f"both its {noun}s"
    return f"all {whole:,} of its {noun}s" if part == whole else f"{part:,} of its {whole:,} {noun}s"


def clearest(matrix: FeatureMatrix, row: int) -> np.ndarray:
    """The topics of a sample that are nearly as strong as its strongest: int32. Values of topics are comparable."""
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return matrix.feature[span][matrix.value[span] >= CLEAR * matrix.value[span].max(initial=0)]


def strongest(matrix: FeatureMatrix, row: int, among: Sequence[int] | np.ndarray | None = None) -> np.ndarray:
    """A sample's features, or those of `among`, the largest value first: int32."""
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    features = matrix.feature[span][np.argsort(-matrix.value[span], kind="stable")]
    return features if among is None else features[np.isin(features, among)]
