"""What a concept is taught by: examples, counterexamples, a name; and the teaching, with how far it is."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.concepts.examples import Examples, given, typed
from core.concepts.teach import LEAST, RANDOM, teach
from core.errors import SaelectError
from core.session.groups import GROUPS, is_rows
from core.system.shown import many, without_folders
from pages.parts import reading
from pages.parts.address import get
from pages.parts.asked import start_over
from pages.parts.group_choice import group_choices, group_name
from pages.parts.tables import samples_table, why_link
from pages.parts.text import plain
from pages.parts.view import View, link

LATEST = "latest-concept"  # in the session: the concept that was just taught, or "" once one was deleted
TYPED = (
    "Choose a group, or type words to take the samples that say them, or row numbers such as 2, 6, 7. "
    "Also: feature:12, and text:2024 for numbers as words."
)
WAYS = (
    ("search", "Find them on Search and save a set", "search"),
    ("map", "Pick them on the Map", "scatter_plot"),
    ("concepts", "Only words? Look them up under Concepts", "psychology"),
)  # page, what it is for, icon
SHOWN = 100  # examples in a table
NOTHING = Examples(np.zeros(0, np.int64))


def form(now: View) -> None:
    """Both sides, the name, and the button."""
    left, right = st.columns(2, gap="large")
    with left:
        positive = side(now, "Examples of it", "examples", "choose, or type words or row numbers")
    with right:
        negative = side(now, "Counterexamples", "counterexamples", RANDOM)
    columns = st.columns([3, 2], vertical_alignment="bottom")
    name = columns[0].text_input("What is it called?", key="called", bind="query-params", placeholder="asks for code")
    ready = bool(name.strip()) and len(positive) > 0
    if columns[1].button("Teach it", type="primary", icon=":material/school:", key="teach", disabled=not ready):
        run(now, name, positive, negative)
    if not len(positive):
        st.caption(f"{LEAST} examples or more are needed. Without counterexamples, other samples are drawn at random.")
    ways_to_examples()


def ways_to_examples() -> None:
    """Where samples are found and saved as a set, and the page that starts from words instead."""
    with st.container(horizontal=True):
        for page, label, icon in WAYS:
            st.page_link(f"pages/{page}.py", label=label, icon=f":material/{icon}:", query_params=link())


def side(now: View, title: str, key: str, empty: str) -> Examples:
    """One side: a group of samples, pasted texts, or both; what was chosen can be read."""
    start_over(key, "")
    columns = st.columns([4, 2], vertical_alignment="bottom")
    asked = st.session_state.get(key, get(key))
    known = list(dict.fromkeys(["", *group_choices(now), asked]))  # what was typed stays to be chosen
    chosen = columns[0].selectbox(
        title, known, key=key, bind="query-params", accept_new_options=True, help=TYPED,
        format_func=lambda name: group_name(name) if name else empty,
    )  # fmt: skip
    with columns[1].popover("Paste texts", icon=":material/content_paste:", width="stretch"):
        pasted = st.text_area("One text a line", key=f"{key}-texts", height=220,
                              help="Model and SAE read them as what a person asks.")  # fmt: skip
    try:
        found = given(now.session, now.spec, now.state, [group_of(chosen)]) if chosen else NOTHING
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        found = NOTHING
    texts = tuple(typed(pasted))
    told = [found.told] if found.told else []
    both = Examples(found.rows, texts, ", ".join([*told, *(["pasted texts"] if texts else [])]))
    counted(now, both, key)
    return both


def counted(now: View, side: Examples, key: str) -> None:
    """How many there are, and the samples among them."""
    parts = [many(len(side.rows), "sample")] if len(side.rows) else []
    parts += [many(len(side.texts), "pasted text")] if side.texts else []
    if parts:
        short = f": {many(LEAST - len(side), 'more is', 'more are')} needed" if len(side) < LEAST else ""
        st.caption(f"{' and '.join(parts)}{short}.")
    if len(side.rows):
        for row in samples_table(now, side.rows[:SHOWN], f"{key}-table"):
            why_link(row)


def group_of(name: str) -> str:
    """A group as it was chosen, or the samples that say what was typed."""
    return name if is_rows(name) or name.partition(":")[0] in GROUPS else f"text:{name}"


def run(now: View, name: str, positive: Examples, negative: Examples) -> None:
    """Teach, and show the concept."""
    progress = st.progress(0.0, "Starting")

    def told(stage: str, done: float, total: float) -> None:
        progress.progress(min(done / max(total, 1), 1.0), stage)

    try:
        texts = positive.texts or negative.texts
        pipeline = reading.pipeline(now.session.store.path) if texts else None
        taught = teach(now.session, now.spec, name, positive, negative, pipeline=pipeline, told=told)
    except SaelectError as error:
        progress.empty()
        st.warning(plain(without_folders(str(error))), icon=":material/block:")
        return
    st.session_state[LATEST] = taught.name
    st.rerun()
