"""What stands above a finished example that comes with SAElect."""

from __future__ import annotations

import streamlit as st

from pages.parts.text import plain


def show_example_note(what: str, settings: str, data: str = "the demo's 1,000 conversations") -> None:
    """That what follows is not about the person's own data."""
    st.info(
        f"**An example, not your data:** {plain(what)} on {plain(data)}: {plain(settings)}. Its "
        "seconds are those of a busy machine. Your own will stand here once it has been run.",
        icon=":material/menu_book:",
    )
