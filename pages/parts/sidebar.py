"""The sidebar: the data set, the request and the decisions; from them the view that every page draws."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import SaelectError, SelectionError, UnscoredError
from core.schema import SCOPES, UNITS, SelectionSpec
from core.selection.registry import METHODS
from core.session.session import Session, workspace_of
from core.store.meta import list_stores
from core.system.files import cache_dir
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace
from pages.parts.options import pick_details, pick_theta
from pages.parts.text import plain
from pages.parts.view import View, session_of


def open_view() -> View | None:
    """Draw the sidebar and keep what it says as the view; without a usable store say what to do, and give None."""
    try:
        path = pick_store()
        if path is None:
            empty_state()
            return None
        st.session_state.view = build_view(path)
        return st.session_state.view
    except SelectionError as error:
        st.title("No selection with these settings", anchor=False)
        st.warning(plain(error), icon=":material/block:")
        workspace = workspace_of(session_of(path).store)
        if isinstance(error, UnscoredError):
            text, icon = f"Ban these {len(error.rows):,} samples", ":material/do_not_disturb_on:"
            st.button(text, icon=icon, on_click=workspace.ban, args=(error.rows,), key="unscored", type="primary")
        undo_buttons(workspace)
    except SaelectError as error:
        st.title("This feature store cannot be shown", anchor=False)
        st.error(plain(error), icon=":material/error:")
    return None


def empty_state() -> None:
    """What to do when there is no store."""
    st.title("No feature store yet")
    st.write("SAElect shows what a feature store holds. Make one from the demo, or from your own data, then reload.")
    st.code("make demo\n\npython -m core extract --data my.jsonl --model HUB_ID_OR_FOLDER --sae RELEASE/ID_OR_FOLDER")


def pick_store() -> Path | None:
    """The data set chosen in the sidebar."""
    stores = {p.stem: p for p in list_stores(cache_dir())}
    if not stores:
        return None
    with st.sidebar:
        key = st.selectbox(
            "Data set", list(stores), format_func=lambda k: store_title(stores[k]), key="store", bind="query-params"
        )
    return stores[key]


def store_title(path: Path) -> str:
    """The data file's name, its size, and enough of the key to tell stores of the same data apart: also in the URL."""
    store = session_of(path).store
    return f"{Path(store.meta['config']['data']).name} · {store.n_samples:,} · {store.key[:4]}"


def build_view(path: Path) -> View:
    """Read the controls, apply the person's decisions and order the samples."""
    session = session_of(path)
    workspace = workspace_of(session.store)
    state = workspace.state()
    with st.sidebar:
        method = st.selectbox("Method", list(METHODS), key="method", bind="query-params")
        unit, budget = pick_budget(session, state)
        scope = st.segmented_control(
            "Features of", SCOPES, default="all", required=True, key="scope", bind="query-params"
        )
        theta = pick_theta(session, scope)
        details = pick_details(session, method)
    decided = {"vetoes": state.vetoes, "pins": state.pins, "bans": state.bans}
    spec = SelectionSpec(method, budget, unit, theta, scope, **details, **decided)
    order, selection = session.order(spec), session.selection(spec)
    with st.sidebar:
        decisions(workspace, state)
    return View(session, workspace, state, spec, order, selection)


def pick_budget(session: Session, state: WorkspaceState) -> tuple[str, int]:
    """The unit of the budget, and the budget."""
    unit = st.segmented_control("Budget in", UNITS, default="samples", required=True, key="unit", bind="query-params")
    total = session.store.n_samples if unit == "samples" else int(session.info.tokens.sum())
    least = max(1, len(state.pins)) if unit == "samples" else max(1, int(session.info.tokens.max()))
    key = "budget" if unit == "samples" else "token_budget"
    start, most = max(least, total // 10), max(total, least + 1)
    budget = st.slider(f"Budget ({unit})", least, most, start, key=key, bind="query-params")
    return unit, min(budget, total)


def decisions(workspace: Workspace, state: WorkspaceState) -> None:
    """How many decisions stand, and undo and redo."""
    st.divider()
    st.caption(f"{len(state.vetoes)} vetoed features · {len(state.pins)} pinned · {len(state.bans)} banned samples")
    undo_buttons(workspace)


def undo_buttons(workspace: Workspace) -> None:
    """Undo and redo, effective on every page at once."""
    state, (left, right) = workspace.state(), st.columns(2)
    if left.button("Undo", icon=":material/undo:", disabled=not state.can_undo, width="stretch", key="undo"):
        workspace.undo()
        st.rerun()
    if right.button("Redo", icon=":material/redo:", disabled=not state.can_redo, width="stretch", key="redo"):
        workspace.redo()
        st.rerun()
