"""Groups of samples by name: kept, of a source, language, set, tag, lasso, finding, saved search or selection, a store.

A kind of group is a function and an entry of GROUPS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.explain.naming import enumerated
from core.matrix.postings import samples_with
from core.matrix.rows import others
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.constraints import check_rows
from core.selection.quotas import EVERY, named_groups
from core.selection.specs import spec_from
from core.session.findings import found_by
from core.session.sample_info import reference
from core.session.sample_map import map_of
from core.session.saved_search import rows_found
from core.session.search import between, languages_spoken, score_values, sources, text_condition
from core.session.session import Session
from core.settings import whole_number
from core.workspace.decisions import WorkspaceState

NUMBERS = re.compile(r"[\s,]*[0-9]+(?:[\s,]+[0-9]+)*[\s,]*")


@dataclass(frozen=True)
class Group:
    """Rows int64, ascending, of a matrix: that of the session, unless the group is another store."""

    name: str
    matrix: FeatureMatrix
    rows: np.ndarray


@dataclass(frozen=True)
class Asked:
    """What a group may be made of."""

    session: Session
    spec: SelectionSpec
    state: WorkspaceState

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.session.store.n_samples


def group(session: Session, spec: SelectionSpec, state: WorkspaceState, name: str) -> Group:
    """The group of a name such as kept, source:web or store:KEY, through the lens, scope and θ of a request.

    Raises SelectionError for a name of no kind, for one that names nothing, and for a group without samples; StoreError
    for a store that cannot be opened.
    """
    kind, _, of = (f"rows:{name}" if is_rows(name) else name).partition(":")
    matrix = session.matrix_of(spec)
    if kind == "store":
        other = reference(session.store, of, spec.scope, spec.lens).at(spec.theta)
        return Group(name, other, np.arange(other.n_samples))
    if kind not in GROUPS:
        raise SelectionError(f"There is no group {name!r}: use {enumerated([*SHAPES, 'store:KEY'])}.")
    rows = np.unique(np.asarray(GROUPS[kind](Asked(session, spec, state), of), np.int64))
    if not len(rows):
        raise SelectionError(f"The group {name!r} has no samples.")
    return Group(name, matrix, rows)


def is_rows(name: str) -> bool:
    """Whether a name is of numbers alone, such as `2, 6, 7`: these rows, as rows:2,6,7."""
    return bool(NUMBERS.fullmatch(name))


def rest(found: Group) -> Group:
    """All other samples of a group's matrix; raises SelectionError if there are none."""
    rows = others(found.matrix.n_samples, found.rows)
    if not len(rows):
        raise SelectionError(f"The group {found.name!r} has all samples: there is no rest to compare it with.")
    return Group("rest", found.matrix, rows)


def _kept(asked: Asked, of: str) -> np.ndarray:
    return asked.session.selection(asked.spec).rows


def _left_out(asked: Asked, of: str) -> np.ndarray:
    return others(asked.n, _kept(asked, of))


def _source(asked: Asked, of: str) -> np.ndarray:
    return np.flatnonzero(sources(asked.session) == of)


def _set(asked: Asked, of: str) -> Sequence[int]:
    return named(asked.state.sets, of, "set")


def _tag(asked: Asked, of: str) -> Sequence[int]:
    return named(asked.state.tags, of, "tag")


def _selection(asked: Asked, of: str) -> np.ndarray:
    return asked.session.selection(spec_from(named(asked.state.selections, of, "saved selection"))).rows


def _feature(asked: Asked, of: str) -> np.ndarray:
    matrix = asked.session.matrix_of(asked.spec)
    wanted = _whole(of, "feature")
    return samples_with(matrix, wanted) if wanted < matrix.n_features else np.zeros(0, np.int64)


def _rows(asked: Asked, of: str) -> list[int]:
    rows = [_whole(part, "row") for part in (of.replace(",", " ").split() if is_rows(of) else of.split(","))]
    check_rows(rows, asked.n)
    return rows


def _lasso(asked: Asked, of: str) -> np.ndarray:
    return map_of(asked.session, asked.spec.lens).rows_in(of)


def _search(asked: Asked, of: str) -> np.ndarray:
    fields = named(asked.state.searches, of, "saved search")
    return rows_found(asked.session, asked.spec, asked.state, fields)


def _text(asked: Asked, of: str) -> np.ndarray:
    return np.flatnonzero(text_condition(asked.session, of, regex=False))


def _score(asked: Asked, of: str) -> np.ndarray:
    """The samples whose score is at least, or at most, a number: concept:code>=0.5."""
    for sign in (">=", "<="):
        column, found, bound = of.rpartition(sign)
        if found:
            low, high = (_number(bound), None) if sign == ">=" else (None, _number(bound))
            return np.flatnonzero(between(score_values(asked.session, column.strip()), low, high))
    raise SelectionError(f"A group by a score is written like score:quality>=0.5, got {of!r}.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SelectionError(f"The bound of a score must be a number, got {text!r}.") from None


def _whole(text: str, noun: str) -> int:
    number = whole_number(text.strip())
    if number is None:
        raise SelectionError(f"A {noun} must be a whole number, got {text!r}.")
    return number


def named(known: Mapping[str, Any], name: str, what: str) -> Any:
    """What is known under a name; SelectionError if there is none, which says which there are."""
    if name not in known:
        have = f"there are {enumerated([repr(k) for k in known])}" if known else "there is none"
        raise SelectionError(f"There is no {what} {name!r}: {have}.")
    return known[name]


GROUPS: dict[str, Callable[[Asked, str], np.ndarray | Sequence[int]]] = {
    "kept": _kept,
    "left-out": _left_out,
    "pinned": lambda asked, of: asked.state.pins,
    "banned": lambda asked, of: asked.state.bans,
    "source": _source,
    "language": lambda asked, of: np.flatnonzero(languages_spoken(asked.session) == of),
    "set": _set,
    "tag": _tag,
    "selection": _selection,
    "search": _search,
    "lasso": _lasso,
    "health": lambda asked, of: found_by(asked.session, of),
    "feature": _feature,
    "rows": _rows,
    "text": _text,
    "score": _score,
}
SHAPES = (
    "kept",
    "left-out",
    "pinned",
    "banned",
    "source:NAME",
    "language:CODE",
    "set:NAME",
    "tag:NAME",
    "selection:NAME",
    "search:NAME",
    "lasso:X.Y_X.Y_X.Y",
    "health:CHECK",
    "feature:NUMBER",
    "rows:1,2,3",
    "text:WORDS",
    "score:COLUMN>=NUMBER",
)


def with_sets(spec: SelectionSpec, state: WorkspaceState) -> SelectionSpec:
    """The request with the rows of the sets and tags that its quotas and options name, so that it stands by itself.

    One that there is not is left out: to select by it is then a SelectionError. Raises it here for what is no quota.
    """
    known = {"set": state.sets, "tag": state.tags}
    found: dict[str, tuple[int, ...]] = {}
    for name in [*named_groups(spec.quotas), *(str(value) for value in spec.options.values())]:
        kind, _, of = name.partition(":")
        wanted = known.get(kind, {})
        found |= {f"{kind}:{one}": tuple(rows) for one, rows in wanted.items() if of in (EVERY, one)}
    return replace(spec, sets=found)
