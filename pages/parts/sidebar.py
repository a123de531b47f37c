"""The sidebar: the data set, the request and the decisions; from them the view that every page draws."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import SaelectError, UnscoredError
from core.schema import NOUNS, SCOPES, Selection, SelectionSpec
from core.scoring.columns import missing_columns
from core.selection.registry import METHODS
from core.session.listed import LISTED
from core.session.session import Session, workspace_of
from core.store.catalogue import StoreTitle, found_by, store_titles
from core.system.files import cache_dir
from core.system.shown import many
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace
from pages.parts.budget_control import pick_budget
from pages.parts.choices import choose
from pages.parts.method_choice import pick_method
from pages.parts.options import pick_details, pick_theta
from pages.parts.store_forms import score_form
from pages.parts.text import plain
from pages.parts.view import OPENED, View, session_of, url

LENS_HELP = (
    "Topics: a feature is what a sample is about or asks for. Tokens: it is what single tokens mean to the model, "
    "as in the papers."
)


def open_view(needed: bool = True) -> View | None:
    """Draw the sidebar and keep what it says as the view; without a usable store say what to do, and give None.

    needed: the page shows the view; else nothing is said outside the sidebar. Without any store all pages lead to Data.
    """
    title = pick_store()
    if title is None:
        if needed:
            st.switch_page("pages/data.py", query_params=url())
        return None
    try:
        session = session_of(title.path)
    except SaelectError as error:
        if needed:
            st.title("This feature store cannot be shown", anchor=False)
            st.error(plain(title.error or error), icon=":material/error:")
        return None
    try:
        st.session_state.view = build_view(session)
        return st.session_state.view
    except SaelectError as error:
        if needed:
            no_selection(session, error)
    return None


def no_selection(session: Session, error: SaelectError) -> None:
    """Why nothing is selected, and what can be undone; what is set in the sidebar stays."""
    st.title("No selection with these settings", anchor=False)
    st.warning(plain(error), icon=":material/block:")
    workspace = workspace_of(session.store)
    if isinstance(error, UnscoredError):
        text = "Ban this sample" if len(error.rows) == 1 else f"Ban these {len(error.rows):,} samples"
        st.button(
            text,
            icon=":material/do_not_disturb_on:",
            on_click=workspace.ban,
            args=(error.rows,),
            key="unscored",
            type="primary",
        )
    if wants_score(session):
        score_form(session)
    undo_buttons(workspace)


def wants_score(session: Session) -> bool:
    """Whether the method chosen in the sidebar needs a score column, and one can be computed."""
    method = METHODS.get(st.session_state.get("method", ""))
    return method is not None and "score" in method.needs and bool(missing_columns(session.store))


def pick_store() -> StoreTitle | None:
    """The data set chosen in the sidebar: at first the newest that can be opened. In the address stands its key."""
    titles = {title.key: title for title in store_titles(cache_dir())}
    if not titles:
        return None
    opened = st.session_state.pop(OPENED, "")
    if opened in titles:
        st.session_state["pick-store"] = st.query_params["store"] = opened
    asked = st.query_params.get("store", "")
    if asked not in titles and (found := found_by(asked, list(titles.values()))):
        asked = st.query_params["store"] = found.key
    if asked not in titles and st.session_state.get("pick-store") not in titles:
        usable = (key for key, title in titles.items() if not title.error)
        st.session_state["pick-store"] = next(usable, next(iter(titles)))
    with st.sidebar:
        key = choose("Data set", "store", {key: title.text for key, title in titles.items()})
    return titles[key]


def build_view(session: Session) -> View:
    """Read the controls, apply the person's decisions and order the samples."""
    workspace = workspace_of(session.store)
    state = workspace.state()
    with st.sidebar:
        lens = pick_lens(session)
        method = pick_method(session)
        unit, budget = pick_budget(session, state)
        scope = pick_scope(session, lens)
        theta = pick_theta(session, scope, lens)
        details, ignored = pick_details(session, method, lens)
    for sentence in ignored:
        st.warning(plain(sentence), icon=":material/link_off:")
    spec = SelectionSpec(method, budget, unit, theta, scope, pins=state.pins, bans=state.bans, lens=lens, **details)
    decided = state.of(lens)
    order, selection = selected(session, replace(spec, vetoes=decided.vetoes, boosts=decided.boosts))
    with st.sidebar:
        decisions(workspace, state, selection.spec)
    return View(session, workspace, state, selection.spec, order, selection)


def selected(session: Session, spec: SelectionSpec) -> tuple[Selection, Selection]:
    """All samples in the method's order, and the selection; without the files it names where they cannot be used."""
    try:
        return session.order(spec), session.selection(spec)
    except UnscoredError:
        raise
    except SaelectError as error:
        files = {option.name for option in METHODS[spec.method].options if option.kind in LISTED}
        without = replace(spec, options={name: v for name, v in spec.options.items() if name not in files})
        if without == spec:
            raise
        try:
            found = session.order(without), session.selection(without)
        except SaelectError:
            raise error from None
        st.warning(plain(f"{error} What follows is without it."), icon=":material/link_off:")
        return found


def pick_lens(session: Session) -> str:
    """What a feature is: what a sample is about, or what a single token means; without a choice where there is none."""
    lenses = session.store.lenses
    if len(lenses) == 1:
        return lenses[0]
    return st.segmented_control(
        "Look through", lenses, default=lenses[0], required=True, key="lens", bind="query-params", help=LENS_HELP,
        on_change=lambda: st.query_params.pop("feature", None),  # its number means nothing in another lens
    )  # fmt: skip


def pick_scope(session: Session, lens: str) -> str:
    """Of which part of the samples: in stores of an earlier version topics are those of whole samples alone."""
    scopes = SCOPES if lens == "tokens" else tuple(session.store.meta["topics"]["thetas"])
    if len(scopes) == 1:
        return scopes[0]
    label = f"{lens.capitalize()} of"
    return st.segmented_control(label, scopes, default="all", required=True, key="scope", bind="query-params")


def decisions(workspace: Workspace, state: WorkspaceState, spec: SelectionSpec) -> None:
    """How many decisions stand, those on features of the lens looked through, and undo and redo."""
    st.divider()
    vetoed, banned = many(len(spec.vetoes), f"vetoed {NOUNS[spec.lens]}"), many(len(state.bans), "banned sample")
    boosted = f" · {len(spec.boosts):,} boosted" if spec.boosts else ""
    st.caption(f"{vetoed}{boosted} · {len(state.pins):,} pinned · {banned}")
    undo_buttons(workspace)


def undo_buttons(workspace: Workspace) -> None:
    """Undo and redo, effective on every page at once."""
    state = workspace.state()
    steps = ("Undo", state.next_undo, workspace.undo), ("Redo", state.next_redo, workspace.redo)
    for column, (name, step, take) in zip(st.columns(2), steps, strict=True):
        told, key = plain(f"{name}: {step}") if step else None, name.lower()
        if column.button(name, icon=f":material/{key}:", disabled=not step, width="stretch", key=key, help=told):
            take()
            st.rerun()
