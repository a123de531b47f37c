"""Search: find samples by text, features, length, source, score and status, and read them."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import streamlit as st

from core.errors import SelectionError
from core.session.cut import READ, readings
from core.session.search import STATUSES, Query, find, parsed_features, sources
from pages.parts.actions import action_bar
from pages.parts.sample_panel import beside
from pages.parts.text import cut, plain
from pages.parts.view import View, header

SHOWN_AS = {"all": "all", "picked": "kept", "rejected": "left out"}  # what a status is called here
LEADS = {
    "topics": "Find samples by what they say and what they are about; all conditions must hold.",
    "tokens": "Find samples by what they say and what they activate; all conditions must hold.",
}


def number(title: str, key: str, **about: object) -> float | None:
    """A bound that may be left empty."""
    return st.number_input(title, value=None, key=key, bind="query-params", **about)


def ask(now: View) -> Query:
    """The conditions, each bound to the URL."""
    left, middle, right = st.columns([5, 2, 3], vertical_alignment="bottom")
    text = left.text_input("Text in any turn", key="find", bind="query-params", placeholder="part of the text")
    regex = middle.toggle("Regular expression", key="find_regex", bind="query-params", help="RE2, whatever the case")
    status = right.segmented_control("Show", STATUSES, default="all", required=True, key="find_status",
                                     format_func=SHOWN_AS.__getitem__, bind="query-params")  # fmt: skip
    columns = st.columns(4)
    keys = [f"find_{end}" if now.spec.lens == "tokens" else f"find_{now.spec.lens}_{end}" for end in ("has", "lacks")]
    has = columns[0].text_input(f"Has all {now.noun}s", key=keys[0], bind="query-params", placeholder="12, 40")
    lacks = columns[1].text_input(f"Lacks {now.noun}s", key=keys[1], bind="query-params", placeholder="7")
    with columns[2]:
        shortest = number("Shortest, in tokens", "find_min", step=1, min_value=0)
    with columns[3]:
        longest = number("Longest, in tokens", "find_max", step=1, min_value=0)
    source, column, score = ask_columns(now)
    read = ask_reading(now)
    asked = parsed_features(has, now.noun), parsed_features(lacks, now.noun)
    for what, features in zip(("Has", "Lacks"), asked, strict=True):
        if features:
            st.caption(plain(f"{what} {named(now, features)}"))
    return Query(text, regex, *asked, (shortest, longest), source, column, score, status, now.noun, read)


def ask_reading(now: View) -> str:
    """How a sample was read, where not all were read whole."""
    if not readings(now.session).any():
        return "all"
    return st.segmented_control("Read by the model", ("all", *READ), default="all", required=True, key="find_read",
                                bind="query-params")  # fmt: skip


def ask_columns(now: View) -> tuple[str | None, str, tuple[float | None, float | None]]:
    """Source, score column and its bounds, where the data have them."""
    names = sorted(set(sources(now.session)))
    source, column, score = None, "", (None, None)
    if len(names) < 2 and not now.session.info.scores:
        return source, column, score
    columns = iter(st.columns(4))
    if len(names) > 1:
        source = next(columns).selectbox(
            "Source", [None, *names], key="find_source", bind="query-params",
            format_func=lambda name: "any" if name is None else name or "—",
        )  # fmt: skip
    if now.session.info.scores:
        column = next(columns).selectbox("Score", ["", *now.session.info.scores], key="find_score", bind="query-params",
                                      format_func=lambda s: s or "any")  # fmt: skip
    if column:
        with next(columns):
            low = number("Lowest score", "find_low")
        with next(columns):
            score = (low, number("Highest score", "find_high"))
    return source, column, score


def results(now: View, query: Query) -> None:
    """The table of what was found, and the chosen sample beside it."""
    started = time.perf_counter()
    rows = find(now.session, now.matrix, query, now.selection.rows)
    seconds = time.perf_counter() - started
    kept = np.isin(rows, now.selection.rows)
    st.caption(
        f"{len(rows):,} of {now.session.store.n_samples:,} samples, {kept.sum():,} of them kept; "
        f"found in {1000 * seconds:,.1f} ms."
    )
    if not len(rows):
        st.info("No matches. Try removing a filter.", icon=":material/search_off:")
        return
    action_bar(now, rows, "search", query.text.strip())
    status = np.where(kept, "kept", np.where(np.isin(rows, now.state.bans), "banned", "left out"))
    beside(now, rows, "search", {"status": status}, find=query.text, regex=query.regex, has=query.has)


def named(now: View, features: Iterable[int]) -> str:
    """Features with their names."""
    return "; ".join(f"{f} ({cut(now.label(f), 50)})" for f in features)


now = header("Search", LEADS)
try:
    results(now, ask(now))
except SelectionError as error:
    st.warning(plain(error), icon=":material/search_off:")
