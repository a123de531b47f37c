"""The sidebar: the data set, the request and the decisions; from them the view that every page draws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from core.errors import SaelectError, SelectionError, UnscoredError
from core.schema import SCOPES, UNITS, WEIGHTS, SelectionSpec
from core.selection.registry import METHODS, Option
from core.session.session import Session, workspace_of
from core.store.reader import list_stores
from core.system.files import cache_dir
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace
from pages.shared import View, plain, session_of

WEIGHTS_HELP = "uniform: every feature counts 1; idf: rare ones more; mass: strong and frequent ones more"


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


def pick_details(session: Session, method: str) -> dict[str, Any]:
    """What a method can be told beyond the budget: its own options, weights, multiplicity, seed."""
    known, given = METHODS[method], {}
    with st.expander("More about the method"):
        if known.counts:
            given["weights"] = st.selectbox("Weights", WEIGHTS, key="weights", bind="query-params", help=WEIGHTS_HELP)
            given["multiplicity"] = st.number_input(
                "Multiplicity r", 1, 20, 1, key="multiplicity", bind="query-params",
                help="A feature counts as covered once it is active in this many picks of a round.",
            )  # fmt: skip
        if known.seeded:
            given["seed"] = st.number_input("Seed", 0, 10_000, 0, key="seed", bind="query-params")
        values = {option.name: pick_option(session, method, option) for option in known.options}
        if not (known.counts or known.seeded or values):
            st.caption("Nothing to set.")
    return given | {"options": {name: value for name, value in values.items() if value not in (None, "")}}


def pick_option(session: Session, method: str, option: Option) -> Any:
    """One option of a method as the widget that fits it; None for its default."""
    key, title = f"{method}_{option.name}", option.name.capitalize()
    about = {"key": key, "bind": "query-params", "help": option.help}
    if option.name in ("score", "quality", "complexity"):
        return st.selectbox(title, ["", *session.info.scores], **about)
    if option.choices and option.low is None:
        value = st.selectbox(title, option.choices, **about)
    elif option.low is not None and not option.choices:
        value = st.number_input(title, float(option.low), float(option.high), float(option.default), 0.05, **about)
    else:
        text = st.text_input(title, str(option.default or ""), **about)
        value = option.checked(method, text) if text else None
    return None if value == option.default else value


def pick_theta(session: Session, scope: str) -> float:
    """The JumpReLU threshold, chosen among quantiles of the store's values."""
    default, table = session.default_theta(scope)
    thetas = {row.quantile: row.theta for row in table} or {0.0: 0.0}
    start = next((q for q, theta in thetas.items() if theta == default), 0.0)
    quantile = st.select_slider(
        "Threshold θ",
        list(thetas),
        start,
        format_func=lambda q: f"{thetas[q]:.3g} ({q:.1%})",
        key=f"theta_{scope}",
        bind="query-params",
        help="A feature counts as active in a sample when its largest value is above θ. In brackets: the share of all "
        "values below it. The default is the lowest at which greedy still has a choice to make.",
    )
    return thetas[quantile]


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
