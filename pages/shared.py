"""What every page shares: the view (store, method, budget, θ, decisions), its controls, and small drawing helpers."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.explain.credit import Ledger, ledger
from core.features.labels import Label
from core.features.shown_labels import labels_of, labels_stamp
from core.lm.chat import SURROGATE
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.session.session import Session, by_method, open_session
from core.workspace.decisions import WorkspaceState
from core.workspace.log import Workspace

# Okabe and Ito's colours, which colour-blind people tell apart.
# The blue is a little lighter, so that it stands out on a dark page too.
SELECTED, ACCENT, MUTED, GREEN, PINK = "#1F88CC", "#E69F00", "#9AA5B1", "#009E73", "#CC79A7"
LINKED = re.compile(r"(https?:|www(?=\.)|@)", re.IGNORECASE)  # what Markdown makes a link of without being asked
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
        full = self.order if len(self.order.rows) > len(self.selection.rows) else None
        return self.session.remember(("ledger", repr(self.spec)), lambda: ledger(self.matrix, self.selection, full))

    def covered(self, method: str) -> int:
        """Features that a method covers with the view's budget; for random in samples, the median of the draws."""
        if method == "random" and self.spec.unit == "samples":
            return int(self.session.random_band(self.spec)[1][len(self.selection.rows) - 1])
        return int(self.session.selection(by_method(self.spec, method)).covered_after[-1])

    def label(self, feature: int) -> str:
        """The feature's label, or the tokens at its strongest peaks."""
        label = self.label_of(feature)
        face = faces(self.session.store.path).get(int(feature), "never active")
        return (label.text if label else face) or "(white space)"

    def label_of(self, feature: int) -> Label | None:
        """The feature's label with its source and score: the person's, else the best of the SAE's."""
        return self._labels.get(int(feature))

    @cached_property
    def _labels(self) -> dict[int, Label]:
        store, state = self.session.store, self.state
        key = ("labels", state.version, labels_stamp(store))
        return self.session.remember(key, lambda: labels_of(store, state))


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
    return [(whole(prompt), whole(response)) for prompt, response in session_of(path).store.previews()]


def view() -> View:
    """The view of the running page.

    A freshly started server that is first asked for a page's own address runs that page's file alone, because it does
    not know app.py's navigation yet: go through app.py then, and from there back to the page.
    """
    if "view" not in st.session_state:
        page = urlsplit(st.context.url or "").path.rsplit("/", 1)[-1]
        st.switch_page("app.py", query_params=url(**{ASKED: page}))
    return st.session_state.view


def header(title: str, lead: str) -> View:
    """The page's title, what it answers, and the one line that says what is being looked at."""
    now = view()
    st.html("<style>.stMainBlockContainer{padding-top:3rem}</style>")
    st.title(title, anchor=False)
    st.write(lead)
    data = Path(now.session.store.meta["config"]["data"]).name
    parts = [data, now.spec.method, f"{len(now.selection.rows):,} of {now.session.store.n_samples:,} samples"]
    parts += [f"θ = {now.spec.theta:.3g}", f"features of {now.spec.scope}"]
    parts += [f"{name} = {value}" for name, value in now.spec.options.items()]
    if now.state.vetoes:
        parts.append(f"{len(now.state.vetoes)} vetoed")
    st.html(f"<div style='opacity:.7;font-size:.9rem' data-testid='state-line'>{escape(' · '.join(parts))}</div>")
    return now


def metrics(*figures: tuple[str, str, str]) -> None:
    """A row of figures: (name, value, what it means)."""
    for column, (name, value, note) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(name, value, note, delta_color="off", delta_arrow="off", border=True)


# --- text from data sets is hostile: it reaches the browser only through these


def whole(text: str) -> str:
    """Text whose half characters (lone surrogates), which neither Arrow nor the browser takes, became U+FFFD."""
    return SURROGATE.sub("\ufffd", text)


def escape(text: str) -> str:
    """Text as HTML, harmless in a page and in a Plotly hover box, without the characters that turn its direction."""
    kept = "".join(c for c in whole(text) if c >= " " or c in "\n\t")
    shown = "".join(c for c in kept if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return html.escape(shown).replace("&quot;", "&#34;")  # Plotly knows the number only


def plain(error: object) -> str:
    """An error's text for a Markdown box, with every mark of Markdown and HTML escaped, and addresses no links.

    A bare address becomes a link whatever is escaped in it, unless a word joiner, which is not seen, parts it.
    """
    marks = "\\`*_{}[]()#+-.!|<>~$:"
    text = LINKED.sub("\\1\u2060", whole(str(error)))
    return "".join("\\" + c if c in marks else c for c in text)


def tokens_html(
    pieces: Sequence[str],
    values: Sequence[float],
    peak: int | None = None,
    colour: str = ACCENT,
    top: float | None = None,
) -> str:
    """Tokens shaded by value / top (default: the largest of the values); the peak is underlined."""
    top = top or max((float(v) for v in values), default=0.0) or 1.0
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


def map_of(place: Mapping[str, np.ndarray], layers: Sequence[Any], texts: Sequence[tuple[str, str]]) -> go.Figure:
    """Samples on the map (x, y of `place`), in layers of (name, which bool (N,), colour, size, opacity)."""
    figure = go.Figure()
    for name, mask, colour, size, opacity in layers:
        rows = np.flatnonzero(mask)
        figure.add_scattergl(
            x=place["x"][rows], y=place["y"][rows], mode="markers", name=name, customdata=rows,
            marker={"color": colour, "size": size, "opacity": opacity},
            text=[escape(texts[r][0][:80]) for r in rows],
            hovertemplate="row %{customdata}<br>%{text}<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(visible=False)
    return figure.update_yaxes(visible=False, scaleanchor="x")


def url(**parameters: object) -> dict[str, str]:
    """The present query parameters with some replaced, for an address of our own making."""
    return {**st.query_params.to_dict(), **{k: str(v) for k, v in parameters.items()}}


def link(**parameters: object) -> dict[str, str]:
    """The same for Streamlit's own links, which add what widgets are bound to by themselves: twice would be lost."""
    return {name: value for name, value in url(**parameters).items() if name not in st.session_state}


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
