"""The selection that the bar asks for; where it cannot be made, why, what makes it possible, and one in its place."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError, UnscoredError
from core.schema import Selection, SelectionSpec
from core.scoring.columns import missing_columns
from core.selection.inputs import TOKEN_COUNTS
from core.selection.registry import METHODS
from core.session.lacking import lacking
from core.session.runnable import runnable
from core.session.session import Session, workspace_of
from pages.parts.store_forms import score_form
from pages.parts.text import plain
from pages.parts.view import link


def selected(session: Session, spec: SelectionSpec) -> tuple[Selection, Selection] | None:
    """The first picks in the method's order, and the selection; None where nothing can be selected, which is said."""
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
    told = told.replace(str(error), in_words(session, spec, error))
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
    if "run" in lacking(session, spec.method):
        st.page_link("pages/refinement.py", label="Start a run of refinement", icon=":material/autorenew:",
                     query_params=link())  # fmt: skip
    if wants_target() and st.button(
        "Choose or paste examples: Steer, Targets", icon=":material/target:", key="to-targets", on_click=to_targets
    ):
        st.switch_page("pages/budget.py", query_params=link(steer="Targets"))
    choose_score(session)
    if wants_score(session):
        score_form(session)


def in_words(session: Session, spec: SelectionSpec, error: SaelectError) -> str:
    """What a request lacks in the words of the page, which offers it below; any other error in its own."""
    lacks = lacking(session, spec.method)
    if wants_target():
        return f"{spec.method} goes by examples, and none are chosen yet."
    if not str(error).startswith((f"{spec.method} needs a score", "No run of refinement")):
        return str(error)
    if "run" in lacks:
        return f"{spec.method} goes by a run of refinement, and none is finished yet."
    return f"{spec.method} goes by a score, and {'there is none yet' if 'score' in lacks else 'there are several'}."


def choose_score(session: Session) -> None:
    """Where there are several score columns and the bar's method goes by one, a button for each that is not chosen."""
    name, columns = st.session_state.get("method", ""), [c for c in session.info.scores if c not in TOKEN_COUNTS]
    if name not in METHODS or "score" not in METHODS[name].needs or len(columns) < 2:
        return
    options = [option for option in METHODS[name].options if option.kind == "score" and not option.optional]
    option = next((one.name for one in options if not st.session_state.get(f"{name}_{one.name}")), "")
    if option:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"By which {option}?", width="content")
            for column in columns:
                st.button(plain(column), key=f"score-by-{column}", on_click=set_option, args=(name, option, column))


def set_option(method: str, option: str, value: str) -> None:
    """Set an option of a method in the bar, before the page is drawn."""
    st.session_state[f"{method}_{option}"] = value


def wants_target() -> bool:
    """Whether the bar's method goes by examples and none are chosen: Budget begins with Steer then."""
    name = st.session_state.get("method", "")
    return name in METHODS and "reference" in METHODS[name].needs and not st.session_state.get(f"{name}_reference")


def to_targets() -> None:
    """Have Steer show Targets, in a callback; on another page than Budget the address of the link does it."""
    if "steer" in st.session_state:
        st.session_state["steer"] = "Targets"


def wants_score(session: Session) -> bool:
    """Whether the bar's method needs a score column, and one can be computed: its form stands below the bar then."""
    method = METHODS.get(st.session_state.get("method", ""))
    return method is not None and "score" in method.needs and bool(missing_columns(session.store))
