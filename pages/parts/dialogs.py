"""Dialogs stand until a person closes them: what would draw the page anew by itself waits as long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

OPEN = "dialog-open"  # in the session


def show(title: str, draw: Callable[..., Any], *of: object, width: str = "large") -> None:
    """Open a dialog that `draw(*of)` draws; title: Markdown."""
    st.session_state[OPEN] = True
    st.dialog(title, width=width, on_dismiss="rerun")(draw)(*of)


def forget() -> None:
    """Note that none is open, as the whole page is drawn: it closes one by that."""
    st.session_state.pop(OPEN, None)


def stands() -> bool:
    """Whether one is open, so that the page is not to be drawn anew."""
    return bool(st.session_state.get(OPEN))
