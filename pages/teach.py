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


def chosen(now: View) -> Taught | None:
    """The concept that the address names, or the one that was just taught; None to teach one."""
    known = all_of(now.session.store)
    if LATEST in st.session_state:
        go_to(st.session_state.pop(LATEST))
    if not known:
        start_over("taught", "")
        return None
    with st.columns(2)[0]:
        name = choose("Concept", "taught", {"": NEW, **{name: name for name in known}})
    return known.get(name)


def go_to(name: str) -> None:
    """Open this page anew with a concept in its address, so that the address can be shared; "" for none."""
    st.session_state.pop("taught", None)
    asked = {key: value for key, value in link().items() if key != "taught"}
    st.switch_page("pages/teach.py", query_params=asked | ({"taught": name} if name else {}))


now = header("Teach", LEAD)
taught = chosen(now)
if taught:
    show(now, taught)
else:
    form(now)
