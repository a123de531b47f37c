"""Personal data of a sample that is shown: masked, until a person asks to see it."""

from __future__ import annotations

import streamlit as st

from pages.parts.view import View

OPEN = "personal-data-shown"  # where the samples stand that a person asked to see: (store, row)


def is_open(now: View, row: int) -> bool:
    """Whether a person asked to see the personal data of a sample."""
    return (now.session.store.key, row) in st.session_state.get(OPEN, ())


def offer(now: View, row: int, key: str) -> None:
    """The button that shows the personal data of a sample, for as long as the tab is open."""
    asked = {*st.session_state.get(OPEN, ()), (now.session.store.key, row)}
    st.button(
        "Show personal data", icon=":material/visibility:", key=f"{key}-personal", type="tertiary",
        help="Mail addresses, telephone numbers and the like are masked here.",
        on_click=st.session_state.update, args=({OPEN: asked},),
    )  # fmt: skip
