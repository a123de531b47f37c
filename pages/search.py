"""Search: find samples by text, likeness, features, length, source, score, tag and status, and read them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.errors import SaelectError, SelectionError
from core.session.concepts import near_sample, nearest, nearness, read, row_named
from core.session.search import find
from core.system.shown import many
from pages.parts import reading
from pages.parts.actions import action_bar
from pages.parts.sample_list import n_kept, statuses
from pages.parts.sample_panel import beside
from pages.parts.search_form import Asked, ask
from pages.parts.text import plain
from pages.parts.view import View, header

LEADS = {
    "topics": "Find samples by what they say and what they are about. All conditions must hold.",
    "tokens": "Find samples by what they say and what they activate. All conditions must hold.",
}


def results(now: View, asked: Asked) -> None:
    """What was found, and the chosen sample beside it."""
    query = asked.query
    rows = find(now.session, now.matrix, query, now.selection.rows, now.state)
    likeness = likeness_to(now, asked.near) if asked.near else None
    rows = rows if likeness is None else nearest(likeness, rows, asked.most)
    st.caption(f"{len(rows):,} of {many(now.session.store.n_samples, 'sample')}, {n_kept(now, rows):,} of them kept.")
    if not len(rows):
        st.info("No matches. Try removing a filter.", icon=":material/search_off:")
        return
    action_bar(now, rows, "search", query.text.strip())
    more = {"status": statuses(now, rows)}
    if likeness is not None:
        more["near"] = likeness[rows]
    if query.score_column:
        more[query.score_column] = now.session.info.scores[query.score_column][rows]
    beside(now, rows, "search", more, {"near": "%.2f"}, find=query.text, regex=query.regex, has=query.has)


def likeness_to(now: View, near: str) -> np.ndarray | None:
    """How near each sample is to a sample, given as "row 12" or "12", or to a text; None where that cannot be said."""
    row = row_named(near, now.session.store.n_samples)
    if row is not None:
        return near_sample(now.session, row)
    try:
        vector = now.session.remember(
            ("vector of", near), lambda: read(reading.pipeline(now.session.store.path), near).vector
        )
    except SaelectError as error:
        st.warning(plain(f"{error} A text cannot be compared with samples here; the row of a sample can."),
                   icon=":material/link_off:")  # fmt: skip
        return None
    return nearness(now.session, vector)


now = header("Search", LEADS)
try:
    asked = ask(now)
    results(now, asked)
except SelectionError as error:
    st.warning(plain(error), icon=":material/search_off:")
