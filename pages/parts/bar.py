"""The bar on top of every page: the data set, the request and the decisions; from them the view that pages draw."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError
from core.schema import SelectionSpec
from core.session.decided import decided
from core.session.request import scopes
from core.session.session import Session, workspace_of
from core.store.catalogue import StoreTitle, found_by, store_titles
from core.system.files import cache_dir
from core.system.shown import many
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace
from pages.parts import dialogs
from pages.parts.address import put
from pages.parts.asked import UNKNOWN, check_address, tell_complaints, write_rest
from pages.parts.budget_control import pick_budget
from pages.parts.choices import choose
from pages.parts.method_choice import pick_method
from pages.parts.options import pick_details, pick_theta
from pages.parts.runnable import selected
from pages.parts.text import cut, plain
from pages.parts.view import FIRST, OPENED, View, link, session_of, url

DATA_WIDTH, METHOD_WIDTH, BUDGET_WIDTH = 190, 220, 220  # pixels
FOLLOWED = 2  # seconds between two looks at what was decided elsewhere
LENS_HELP = (
    "Topics: a feature is what a sample is about or asks for. Tokens: it is what single tokens mean to the model, "
    "as in the papers."
)


STYLE = """<style>
.stMainBlockContainer{padding:3.6rem 2rem 4rem}
[class*="st-key-quota-row"]{flex-wrap:nowrap}
[class*="st-key-out-of-sight"],[data-testid=stLayoutWrapper]:has(>[class*="st-key-out-of-sight"]){display:none}
[data-testid=stHeading] h1{font-size:2.25rem;padding:.25rem 0 0}
.st-key-bar{border-bottom:1px solid rgba(128,128,128,.25);padding-bottom:.75rem}
.st-key-bar [data-testid=stButtonGroup] [role=radio]{min-height:2.5rem}
.st-key-bar [data-testid=stPageLink]{display:flex;align-items:center;height:2.5rem;position:relative;top:-.375rem}
.st-key-methods p,.st-key-undo p,.st-key-redo p{position:absolute;clip-path:inset(50%);width:1px;overflow:hidden}
@media(min-width:1400px){.st-key-undo p,.st-key-redo p{position:static;clip-path:none;width:auto}}
[data-testid=stSelectboxVirtualDropdown]{min-width:16rem}
[data-testid=stLayoutWrapper]:has(>.st-key-latest-change>*){position:sticky;top:3.5rem;z-index:9;padding:.25rem 0;
background:var(--page);border-bottom:1px solid rgba(128,128,128,.25)}
[data-testid=stToastContainer]{top:auto!important;bottom:1rem}
#stFloatingOverlayPortal [role=tooltip],#stFloatingOverlayPortal [role=tooltip] *{pointer-events:none!important}
@media(max-width:640px){
.stMainBlockContainer{padding:2.5rem 1rem 4rem}
.st-key-bar{gap:.5rem;padding-bottom:.5rem}
.st-key-bar>:has(>.st-key-bar-data){flex:1 1 9rem;width:auto}
.st-key-bar>:is(:has(>.st-key-bar-method),:has(>.st-key-bar-budget)){flex:1 1 40%}
.st-key-bar :is(.st-key-bar-method,.st-key-bar-budget){width:100%}
.st-key-bar :is(.st-key-bar-method,.st-key-bar-budget) .stHorizontalBlock{flex-wrap:nowrap}
.st-key-bar .stHorizontalBlock>:first-child,.st-key-bar .stHorizontalBlock>:has(.stSelectbox){min-width:0}
.stHorizontalBlock:has(>.stColumn [data-testid=stMetric])>.stColumn{min-width:calc(50% - 1rem)}
.st-key-bar :is(.st-key-undo,.st-key-redo,.st-key-methods) button{min-width:2.5rem;padding:.25rem}
[data-testid=stMetricDelta] *{white-space:normal!important}
.st-key-latest-change-line{gap:0 .75rem}
[data-testid=stHeading] h1{font-size:1.75rem;padding:.25rem 0}}
</style>"""  # names of buttons with an icon are for who hears the page, of Undo and Redo where it is narrow


def open_view(needed: bool = True) -> View | None:
    """Draw the bar and keep what it says as the view; without a usable store say what to do, and give None.

    needed: the page shows the view; else the bar has the data set alone. Without any store all pages lead to Data.
    """
    st.html(STYLE)
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="bar")
    with bar:
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
    check_address(session)
    with bar:
        workspace, state, asked = ask(session)
    if not needed:
        st.html("<style>.st-key-bar>:nth-child(n+2){display:none}</style>")  # but there, which keeps what is set
        return None
    tell_complaints()
    follow(session, workspace, state.version)
    found = selected(session, asked)
    if found is None:
        return None
    order, selection = found
    st.session_state.view = View(session, workspace, state, selection.spec, order, selection)
    return st.session_state.view


def pick_store() -> StoreTitle | None:
    """The data set chosen in the bar: at first the newest that can be opened. In the address stands its key."""
    titles = {title.key: title for title in store_titles(cache_dir())}
    if not titles:
        return None
    st.session_state[FIRST] = "store" not in st.session_state
    opened = st.session_state.pop(OPENED, "")
    if opened in titles:
        st.session_state.store = opened
    asked = st.session_state.get("store", st.query_params.get("store", ""))
    if asked not in titles:
        usable = (key for key, title in titles.items() if not title.error)
        found = found_by(asked, list(titles.values()))
        key = found.key if found else next(usable, next(iter(titles)))
        if asked and not found:
            st.session_state[UNKNOWN] = [f"There is no data set {cut(asked, 80)!r} here: {titles[key].text} is shown."]
        if "store" not in st.session_state:
            put(store=key)
        st.session_state.store = key
    with st.container(width=DATA_WIDTH, key="bar-data"):
        return titles[choose("Data set", "store", {key: title.text for key, title in titles.items()})]


def ask(session: Session) -> tuple[Workspace, WorkspaceState, SelectionSpec]:
    """Draw the controls: the decisions that stand, and the request."""
    workspace = workspace_of(session.store)
    state = workspace.state()
    lens = pick_lens(session)
    with st.container(width=METHOD_WIDTH, key="bar-method"):
        method = pick_method(session)
    with st.container(width=BUDGET_WIDTH, key="bar-budget"):
        unit, budget = pick_budget(session, state)
    with st.popover("Advanced", icon=":material/tune:"):
        scope = pick_scope(session, lens)
        theta = pick_theta(session, scope, lens)
        details = pick_details(session, method, lens)
    decisions(workspace, state)
    return workspace, state, decided(SelectionSpec(method, budget, unit, theta, scope, lens=lens, **details), state)


@st.fragment(run_every=FOLLOWED)
def follow(session: Session, workspace: Workspace, version: int) -> None:
    """Say when decisions were made in another tab or on the command line; what is typed or open here stays."""
    if not dialogs.stands():
        write_rest(session)
    if workspace.version() == version:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="made-elsewhere"):
        st.markdown(":material/sync: Decisions were made elsewhere.", width="content")
        if st.button("Show them", type="tertiary", key="show-made-elsewhere"):
            st.rerun()


def pick_lens(session: Session) -> str:
    """What a feature is: what a sample is about, or what a single token means; without a choice where there is none."""
    lenses = session.store.lenses
    if len(lenses) == 1:
        return lenses[0]
    return st.segmented_control(
        "Look through", lenses, default=lenses[0], required=True, key="lens", bind="query-params", help=LENS_HELP,
        on_change=forget_features,
    )  # fmt: skip


def forget_features() -> None:
    """The number of a feature means nothing in another lens: neither that of the page nor that of the map's colours."""
    st.query_params.pop("feature", None)
    if st.session_state.get("of", "").isdecimal():
        st.session_state.of = ""
    elif st.query_params.get("of", "").isdecimal() and "of" not in st.session_state:
        st.query_params.pop("of")


def pick_scope(session: Session, lens: str) -> str:
    """Of which part of the samples: in stores of an earlier version topics are those of whole samples alone."""
    choices = scopes(session, lens)
    if len(choices) == 1:
        return choices[0]
    label = f"{lens.capitalize()} of"
    return st.segmented_control(label, choices, default="all", required=True, key="scope", bind="query-params")


def decisions(workspace: Workspace, state: WorkspaceState) -> None:
    """Undo and redo, each named, effective on every page at once, and the way to the decisions that stand."""
    steps = ("Undo", state.next_undo, workspace.undo), ("Redo", state.next_redo, workspace.redo)
    for name, step, take in steps:
        told, key = plain(f"{name}: {step}") if step else None, name.lower()
        if st.button(name, icon=f":material/{key}:", disabled=not step, key=key, help=told):
            take()
            st.rerun()
    count = len(state.pins) + len(state.bans) + len(state.quotas)
    count += sum(len(own.vetoes) + len(own.boosts) for own in state.lenses.values())
    st.page_link(
        "pages/decisions.py", label=many(count, "decision"), icon=":material/gavel:", width="content",
        query_params=link(), help=told_of(state),
    )  # fmt: skip


def told_of(state: WorkspaceState) -> str:
    """What kinds of decisions stand."""
    vetoed, boosted = (sum(len(getattr(own, name)) for own in state.lenses.values()) for name in ("vetoes", "boosts"))
    kinds = ((len(state.pins), "pinned"), (len(state.bans), "banned"), (vetoed, "vetoed"), (boosted, "boosted"))
    return " · ".join([*(f"{count:,} {kind}" for count, kind in kinds), many(len(state.quotas), "quota")])
