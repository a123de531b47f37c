"""What a saved search finds: its fields, which are those of the address of the page Search, read as conditions."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.errors import SelectionError
from core.schema import NOUNS, SelectionSpec
from core.session.concepts import near_sample, nearest, row_named
from core.session.search import Query, find, parsed_features
from core.session.session import Session
from core.workspace.decisions import WorkspaceState

NEAREST = 50  # samples, where a search for the nearest names no number


def rows_found(session: Session, spec: SelectionSpec, state: WorkspaceState, fields: Mapping[str, str]) -> np.ndarray:
    """The rows that a saved search finds through the lens, scope and θ of a request: int64, ascending.

    Raises SelectionError for conditions that make no sense, and for a search for what is nearest to a text, which the
    model would have to read.
    """
    query = query_of(fields, spec.lens)
    kept = session.selection(spec).rows if query.status != "all" else ()
    rows = find(session, session.matrix_of(spec), query, kept, state)
    near = fields.get("find_near", "").strip()
    if not near:
        return rows
    row = row_named(near, session.store.n_samples)
    if row is None:
        raise SelectionError(
            f"The saved search asks for what is nearest to the text {near!r}: keep what it finds as a set instead."
        )
    return np.sort(nearest(near_sample(session, row), rows, _whole(fields, "find_most") or NEAREST))


def query_of(fields: Mapping[str, str], lens: str) -> Query:
    """The conditions of the fields; those on features count in their own lens alone, as on the page."""
    own = "find" if lens == "tokens" else f"find_{lens}"
    has, lacks = (parsed_features(fields.get(f"{own}_{end}", ""), NOUNS[lens]) for end in ("has", "lacks"))
    return Query(
        fields.get("find", ""), fields.get("find_regex", "").lower() == "true", has, lacks,
        (_whole(fields, "find_min"), _whole(fields, "find_max")), fields.get("find_source"),
        fields.get("find_score", ""), (_number(fields, "find_low"), _number(fields, "find_high")),
        fields.get("find_status", "all"), NOUNS[lens], fields.get("find_read", "all"), fields.get("find_tag", ""),
        fields.get("find_language"), fields.get("find_set", ""), fields.get("find_health", ""),
    )  # fmt: skip


def _number(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name, "")
    try:
        found = float(text) if text else None
    except ValueError:
        found = math.nan
    if found is not None and not math.isfinite(found):
        raise SelectionError(f"The saved search says {name} = {text!r}, which is no number.")
    return found


def _whole(fields: Mapping[str, str], name: str) -> int | None:
    found = _number(fields, name)
    if found is not None and found != int(found):
        raise SelectionError(f"The saved search says {name} = {fields[name]!r}, which is no whole number.")
    return None if found is None else int(found)
