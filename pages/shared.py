"""What every page shares: the view (store, method, budget, θ, decisions), its controls, and small drawing helpers."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.explain import Ledger, ledger
from core.files import cache_dir
from core.schema import SCOPES, FeatureMatrix, SaelectError, Selection, SelectionError, SelectionSpec
from core.selection import METHODS
from core.session import Session, open_session, workspace_of
from core.store import list_stores
from core.workspace import Workspace, WorkspaceState

# Okabe and Ito's colours, which colour-blind people tell apart.
# The blue is a little lighter, so that it stands out on a dark page too.
SELECTED, ACCENT, MUTED, GREEN, PINK = "#1F88CC", "#E69F00", "#9AA5B1", "#009E73", "#CC79A7"
ASKED = "page"  # query parameter: the page to go to from app.py
COLOURS = {"sae-greedy": SELECTED, "longest-response": ACCENT, "random": MUTED}


@dataclass(frozen=True)
class View:
    """What the sidebar's controls say, and what follows from it."""

    session: Session
    workspace: Workspace
    state: WorkspaceState
    spec: SelectionSpec
    order: Selection  # all samples in the method's order
    selection: Selection  # its prefix at the budget

    @property
    def matrix(self) -> FeatureMatrix:
        """The matrix at the view's scope and θ."""
        return self.session.matrix(self.spec.scope, self.spec.theta)

    @property
    def ledger(self) -> Ledger:
        """Who was credited with what, and what made the others redundant."""
        full = self.order if self.spec.method == "sae-greedy" else None
        return self.session.remember(("ledger", repr(self.spec)), lambda: ledger(self.matrix, self.selection, full))

    def label(self, feature: int) -> str:
        """A person's label, or the tokens at the feature's strongest peaks."""
        face = faces(self.session.store.path).get(int(feature), "never active")
        return self.state.labels.get(int(feature)) or face or "(white space)"


@st.cache_resource(show_spinner="Opening the feature store …")
def session_of(path: Path) -> Session:
    """One session a store, for all tabs."""
    return open_session(path)


@st.cache_resource(show_spinner=False)
def faces(path: Path) -> dict[int, str]:
    """The strongest tokens of each feature."""
    return session_of(path).store.faces()


@st.cache_resource(show_spinner=False)
def previews(path: Path) -> list[tuple[str, str]]:
    """The beginnings of all prompts and responses."""
    return session_of(path).store.previews()


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
        st.warning(plain(error), icon=":material/block:")
        undo_buttons(workspace_of(session_of(path).store))
    except SaelectError as error:
        st.error(plain(error), icon=":material/error:")
    return None


def view() -> View:
    """The view of the running page.

    A freshly started server that is first asked for a page's own address runs that page's file alone, because it does
    not know app.py's navigation yet: go through app.py then, and from there back to the page.
    """
    if "view" not in st.session_state:
        page = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
        st.switch_page("app.py", query_params=url(**{ASKED: page}))
    return st.session_state.view


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
    state, n = workspace.state(), session.store.n_samples
    with st.sidebar:
        method = st.selectbox("Method", list(METHODS), key="method", bind="query-params")
        least = max(1, len(state.pins))
        budget = st.slider(
            "Budget (samples)", least, max(n, least + 1), max(least, n // 10), key="budget", bind="query-params"
        )
        scope = st.segmented_control(
            "Features of", SCOPES, default="all", required=True, key="scope", bind="query-params"
        )
        theta = pick_theta(session, scope)
    spec = SelectionSpec(
        method, min(budget, n), "samples", theta, scope, vetoes=state.vetoes, pins=state.pins, bans=state.bans
    )
    order = session.order(spec)
    with st.sidebar:
        decisions(workspace, state)
    return View(session, workspace, state, spec, order, order.prefix(spec.budget))


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


def header(title: str, lead: str) -> View:
    """The page's title, what it answers, and the one line that says what is being looked at."""
    now = view()
    st.html("<style>.stMainBlockContainer{padding-top:3rem}</style>")
    st.title(title, anchor=False)
    st.write(lead)
    data = Path(now.session.store.meta["config"]["data"]).name
    parts = [data, now.spec.method, f"{len(now.selection.rows):,} of {now.session.store.n_samples:,} samples"]
    parts += [f"θ = {now.spec.theta:.3g}", f"features of {now.spec.scope}"]
    if now.state.vetoes:
        parts.append(f"{len(now.state.vetoes)} vetoed")
    st.html(f"<div style='opacity:.7;font-size:.9rem' data-testid='state-line'>{escape(' · '.join(parts))}</div>")
    return now


def metrics(*figures: tuple[str, str, str]) -> None:
    """A row of figures: (name, value, what it means)."""
    for column, (name, value, note) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(name, value, note, delta_color="off", delta_arrow="off", border=True)


# --- text from data sets is hostile: it reaches the browser only through these


def escape(text: str) -> str:
    """Text as HTML, harmless in a page and in a Plotly hover box, without the characters that turn its direction."""
    kept = "".join(c for c in text if c >= " " or c in "\n\t")
    return html.escape("".join(c for c in kept if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def plain(error: object) -> str:
    """An error's text for a Markdown box, with every mark of Markdown and HTML escaped."""
    marks = "\\`*_{}[]()#+-.!|<>~$:"
    return "".join("\\" + c if c in marks else c for c in str(error))


def tokens_html(pieces: Sequence[str], values: Sequence[float], peak: int | None = None, colour: str = ACCENT) -> str:
    """Tokens shaded by value / largest value; the peak is underlined."""
    top = max((float(v) for v in values), default=0.0) or 1.0
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    spans = []
    for i, (piece, value) in enumerate(zip(pieces, values, strict=True)):
        style = f"background:rgba({red},{green},{blue},{0.75 * max(float(value), 0) / top:.2f})" if value > 0 else ""
        style += ";border-bottom:2px solid currentColor" if i == peak else ""
        hover = f" title='{value:.3g}'" if value > 0 else ""
        text = escape(piece).replace("\n", "⏎<br>")
        spans.append(f"<span style='{style};border-radius:3px'{hover}>{text}</span>")
    return "<span style='white-space:pre-wrap;overflow-wrap:anywhere'>" + "".join(spans) + "</span>"


# --- drawing


def draw(figure: go.Figure, key: str, height: int = 420, **options: Any) -> Any:
    """A Plotly chart in the house style."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.08, "x": 0},
        hoverlabel={"align": "left"},
    )
    return st.plotly_chart(figure, key=key, config={"displaylogo": False}, **options)


def line(name: str, x: Sequence[float], y: Sequence[float], colour: str, **style: Any) -> go.Scatter:
    """A line with its name in the legend."""
    return go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "width": 2.5, **style})


def thinned(n: int, most: int = 400) -> np.ndarray:
    """Up to `most` positions from 0 to n − 1, the last included: no chart needs more points than pixels."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.zeros(0, int)


def url(**parameters: object) -> dict[str, str]:
    """The present query parameters with some replaced, for a link to another page."""
    return {**st.query_params.to_dict(), **{k: str(v) for k, v in parameters.items()}}


def samples_table(now: View, rows: Sequence[int], key: str, **columns: Sequence[Any]) -> int | None:
    """A table of samples; gives the row of the sample that was clicked, or None."""
    import pandas as pd

    texts, info = previews(now.session.store.path), now.session.info
    rows = np.asarray(rows, dtype=int)
    frame = pd.DataFrame(
        {
            **columns,
            "row": rows,
            "prompt": [texts[r][0] for r in rows],
            "response": [texts[r][1] for r in rows],
            "response tokens": info.response_tokens[rows],
        }
    )
    event = st.dataframe(frame, key=key, hide_index=True, on_select="rerun", selection_mode="single-row", height=320)
    chosen = event["selection"]["rows"]
    return int(rows[chosen[0]]) if chosen and chosen[0] < len(rows) else None
