"""The section Steer of the page Budget: say what a selection shall have more of, or less."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.steer_boosts import show_boosts
from pages.parts.steer_quotas import show_quotas
from pages.parts.steer_targets import show_targets
from pages.parts.view import View

PARTS: dict[str, tuple[str, Callable[[View], None]]] = {
    "Quotas": ("How much of a group there may be, or must be.", show_quotas),
    "Boosts": ("What counts for more than the rest, or for less.", show_boosts),
    "Targets": ("Examples of what you want: the selection takes what is like them.", show_targets),
}


def show_steer(now: View) -> None:
    """Quotas, boosts or targets, as chosen."""
    st.subheader("Steer", anchor=False)
    part = st.segmented_control(
        "Steer by", list(PARTS), default="Quotas", required=True, key="steer", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    told, show = PARTS[part]
    st.caption(told)
    show(now)
