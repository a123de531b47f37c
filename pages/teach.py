"""Teach: a concept by examples of it; every sample gets a score, and what tells them is named."""

from __future__ import annotations

import streamlit as st

from core.scoring.taught import Taught, all_of
from pages.parts.asked import start_over
from pages.parts.choices import choose
from pages.parts.teach_form import LATEST, form
from pages.parts.teach_result import show
from pages.parts.view import View, header, link

LEAD = "Show ten samples or more of something. Every sample gets a score for it, and you see what tells them apart."
NEW = "teach a new one"
BOX = "taught"  # the choice of a concept, and its parameter in the address


def chosen(now: View) -> Taught | None:
    """The concept that the address names, or the one that was just taught; None to teach one."""
    known = all_of(now.session.store)
    if LATEST in st.session_state:
        latest = st.session_state.pop(LATEST)
        if known and BOX in st.session_state:  # which stands, and has its parameter of the address to itself
            st.session_state[BOX] = latest
        else:
            go_to(latest)
    if not known:
        start_over(BOX, "")
        return None
    with st.columns(2)[0]:
        name = choose("Concept", BOX, {"": NEW, **{name: name for name in known}})
    return known.get(name)


def go_to(name: str) -> None:
    """Open this page anew with a concept in its address, so that the address can be shared; "" for none."""
    st.session_state.pop(BOX, None)
    asked = {key: value for key, value in link().items() if key != BOX}
    st.switch_page("pages/teach.py", query_params=asked | ({BOX: name} if name else {}))


now = header("Teach", LEAD)
taught = chosen(now)
if taught:
    show(now, taught)
else:
    form(now)
