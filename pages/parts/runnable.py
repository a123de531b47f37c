"""The selection that the bar asks for; where it cannot be made, why, what makes it possible, and one in its place."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError, UnscoredError
from core.schema import Selection, SelectionSpec
from core.scoring.columns import missing_columns
from core.selection.registry import METHODS
from core.session.lacking import lacking
from core.session.runnable import runnable
from core.session.session import Session, workspace_of
from pages.parts.store_forms import score_form
from pages.parts.text import plain
from pages.parts.view import link

# Where what a method needs can be started: the page, and what it is called there.
STARTED = {
    "run": ("pages/refinement.py", "Start a run of refinement", ":material/autorenew:"),
    "reference": ("pages/budget.py", "Choose or paste examples: Steer, Targets", ":material/target:"),
}


def selected(session: Session, spec: SelectionSpec) -> tuple[Selection, Selection] | None:
    """All samples in the method's order, and the selection; None where nothing can be selected, which is said."""
    try:
        found = runnable(session, spec)
    except SaelectError as error:
        st.title("No selection with these settings", anchor=False)
        remedies(session, spec, error, str(error))
        return None
    if found.error:
        remedies(session, spec, found.error, found.told)
    return found.order, found.selection


def remedies(session: Session, spec: SelectionSpec, error: SaelectError, told: str) -> None:
    """What is wrong with a request, and what makes it possible."""
    st.warning(plain(told), icon=":material/block:")
    if isinstance(error, UnscoredError):
        text = "Ban this sample" if len(error.rows) == 1 else f"Ban these {len(error.rows):,} samples"
        st.button(
            text,
            icon=":material/do_not_disturb_on:",
            on_click=workspace_of(session.store).ban,
            args=(error.rows,),
            key="unscored",
            type="primary",
        )
    for need in lacking(session, spec.method):
        if need in STARTED:
            page, label, icon = STARTED[need]
            st.page_link(page, label=label, icon=icon, query_params=link())
    if wants_score(session):
        score_form(session)


def wants_score(session: Session) -> bool:
    """Whether the bar's method needs a score column, and one can be computed: its form stands below the bar then."""
    method = METHODS.get(st.session_state.get("method", ""))
    return method is not None and "score" in method.needs and bool(missing_columns(session.store))
