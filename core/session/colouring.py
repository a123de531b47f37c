"""What the samples on the map may be coloured by. A way to colour is a function and an entry of COLOURINGS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.explain.credit import redundancy
from core.matrix.postings import having
from core.schema import Selection
from core.session.groups import group
from core.session.search import Query, find, languages_spoken, score_values, source_codes
from core.session.session import Session
from core.settings import whole_number
from core.topics.language import language_name
from core.workspace.decisions import WorkspaceState

STEPS = 16  # colours of a scale
MOST = 12  # categories with a colour of their own


@dataclass(frozen=True)
class Colouring:
    """The colour of each sample: code uint8 (N,), 0 for those in grey.

    Categories: `names[code - 1]` is what a code stands for. A scale: no names; the codes 1 to STEPS go from `low` to
    `high`, in equal steps of the value, or of its logarithm. grey: what 0 stands for, "" where no sample has it.
    """

    code: np.ndarray
    names: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    grey: str = "others"

    @property
    def counts(self) -> list[int]:
        """Samples in grey, then of each category."""
        return np.bincount(self.code, minlength=len(self.names) + 1).tolist()


@dataclass(frozen=True)
class Seen:
    """What samples are coloured from."""

    session: Session
    selection: Selection
    state: WorkspaceState

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.session.store.n_samples


def colouring(seen: Seen, by: str, of: str = "") -> Colouring:
    """The colouring `by` (a name in COLOURINGS) of `of`: a score column, a number, a group, a text to look for.

    Raises SelectionError for a way there is none of, and for an argument that names nothing.
    """
    if by not in COLOURINGS:
        raise SelectionError(f"Samples cannot be coloured by {by!r}: use one of {', '.join(COLOURINGS)}.")
    return COLOURINGS[by](seen, of)


def categories(parts: Sequence[tuple[str, Any]], n: int, grey: str = "others") -> Colouring:
    """Named sets of rows of n samples, each int (M,) or bool (N,); a sample in several has the colour of the last."""
    code = np.zeros(n, np.uint8)
    for number, (_, rows) in enumerate(parts, 1):
        code[np.asarray(rows, bool if np.asarray(rows).dtype == bool else np.int64)] = number
    return Colouring(code, tuple(name for name, _ in parts), grey=grey)


def labelled(label: np.ndarray, names: Sequence[str] | None = None) -> Colouring:
    """A category for each of the MOST commonest of labels (N,), the commonest first, ties to the lowest; grey the rest.

    names: what the labels, which are then numbers, are called.
    """
    known, inverse, count = np.unique(label, return_inverse=True, return_counts=True)
    order = np.argsort(-count, kind="stable")[:MOST]
    code = np.zeros(len(known), np.uint8)
    code[order] = np.arange(1, len(order) + 1)
    called = [str(known[i]) if names is None else names[int(known[i])] for i in order]
    return Colouring(code[inverse], tuple(called))


def scale(
    value: np.ndarray, grey: str, logarithmic: bool = False, ends: tuple[float, float] | None = None
) -> Colouring:
    """A scale over values float (N,), those not finite in grey; its ends are by default the lowest and the highest."""
    known = np.isfinite(value)
    if not known.any():
        return Colouring(np.zeros(len(value), np.uint8), grey=grey)
    low, high = ends or (float(value[known].min()), float(value[known].max()))
    along = np.log1p if logarithmic else np.asarray
    first, last = along(low), along(high)
    share = (along(value[known]) - first) / (last - first) if high > low else np.full(known.sum(), 0.5)
    code = np.zeros(len(value), np.uint8)
    code[known] = 1 + np.minimum((share * STEPS).astype(int), STEPS - 1)
    return Colouring(code, low=low, high=high, grey="" if known.all() else grey)


def _source(seen: Seen, of: str) -> Colouring:
    names, codes = source_codes(seen.session)
    return labelled(codes, [str(name) for name in names])


def _status(seen: Seen, of: str) -> Colouring:
    parts = [("kept", seen.selection.rows), ("pinned", seen.state.pins), ("banned", seen.state.bans)]
    return categories([part for part in parts if len(part[1]) or part[0] == "kept"], seen.n, "left out")


def _order(seen: Seen, of: str) -> Colouring:
    place = np.full(seen.n, np.nan)
    rows = seen.session.order(seen.selection.spec).rows
    place[rows] = np.arange(1, len(rows) + 1)
    return scale(place, "never picked")


def _feature(seen: Seen, of: str) -> Colouring:
    matrix, value = seen.session.matrix_of(seen.selection.spec), np.full(seen.n, np.nan)
    feature = whole_number(of)
    if feature is None or feature >= matrix.n_features:
        raise SelectionError(f"There is no feature {of!r}: they are numbered 0 to {matrix.n_features - 1}.")
    rows, found = having(matrix, feature, np.arange(seen.n))
    value[rows] = found
    return scale(value, "without it")


def _cluster(seen: Seen, of: str) -> Colouring:
    k = whole_number(of)
    if k is None or not 1 <= k <= seen.n:
        raise SelectionError(f"The number of clusters must be from 1 to {seen.n}, got {of!r}.")
    label = seen.session.clusters("residual", k).label
    return labelled(label, [f"cluster {i}" for i in range(k)])


COLOURINGS: dict[str, Callable[[Seen, str], Colouring]] = {
    "status": _status,
    "source": _source,
    "language": lambda seen, of: labelled(np.array([language_name(code) for code in languages_spoken(seen.session)])),
    "length": lambda seen, of: scale(score_values(seen.session, "response_tokens"), "", logarithmic=True),
    "score": lambda seen, of: scale(score_values(seen.session, of), "without a value"),
    "order": _order,
    "redundancy": lambda seen, of: scale(
        redundancy(seen.session.matrix_of(seen.selection.spec), seen.selection), "", ends=(0.0, 1.0)
    ),
    "cluster": _cluster,
    "feature": _feature,
    "tag": lambda seen, of: categories(list(seen.state.tags.items())[:MOST], seen.n, "no tag"),
    "group": lambda seen, of: categories([(of, group(seen.session, seen.selection.spec, seen.state, of).rows)], seen.n),
    "search": lambda seen, of: categories(
        [(of, find(seen.session, seen.session.matrix_of(seen.selection.spec), Query(text=of)))], seen.n
    ),
}
