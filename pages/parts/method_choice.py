"""The method that orders the samples, a choice that every page shares."""

from __future__ import annotations

import streamlit as st

from core.selection.method import GROUPS, NEEDS, Method
from core.selection.registry import METHODS
from core.session.lacking import has, lacking
from core.session.session import Session
from pages.parts import dialogs
from pages.parts.choices import choose

SHORT = {"score": "a score", "run": "a run", "reference": "examples", "vectors": "vectors"}  # of NEEDS, in the choice


def pick_method(session: Session) -> str:
    """The name of the method chosen; beside it all of them with what they do and need."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")
    missing = [need for need in NEEDS if not has(session, need)]
    titles = {
        name: " · ".join([name, *(f"needs {SHORT[need]}" for need in method.needs if need in missing)])
        for name, method in METHODS.items()
    }
    with row:
        name = choose("Method", "method", titles, default=next(iter(METHODS)))
    if row.button("All methods", icon=":material/list:", key="methods", help="What the methods do and need"):
        dialogs.show("Methods", show_methods, session, name)
    return name


def show_methods(session: Session, chosen: str) -> None:
    """All methods by group; those that cannot run here say what they lack, and lead to what makes them runnable."""
    for group in GROUPS:
        st.markdown(f"**{group.capitalize()}**")
        for name, method in METHODS.items():
            if method.group == group:
                show_method(name, method, lacking(session, name), name == chosen)


def show_method(name: str, method: Method, lacks: tuple[str, ...], chosen: bool) -> None:
    """A method as a button that chooses it, its sentence, and what it lacks."""
    button, sentence, way = st.columns([2, 5, 2], vertical_alignment="center")
    if button.button(
        name, key=f"method-{name}", type="primary" if chosen else "secondary", disabled=bool(lacks), width="stretch",
        on_click=choose_method, args=(name,),
    ):  # fmt: skip
        st.rerun()
    missing = " and ".join(NEEDS[need] for need in lacks)
    sentence.markdown(method.sentence + (f" :gray[Lacks {missing}.]" if lacks else ""))
    told = "Shows how to get it, and starts that"
    if lacks and way.button("Get it", key=f"get-{name}", help=told, on_click=choose_method, args=(name,)):
        st.rerun()


def choose_method(name: str) -> None:
    """Choose it in the bar before the page is drawn."""
    st.session_state["method"] = name
