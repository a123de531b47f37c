"""Features: what each one fires on, how much it brought to the selection; veto it, label it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.extract.projection import named_areas
from core.features.cards import sparklines
from core.matrix.statistics import lift, surprise
from pages.parts import feature_card
from pages.parts.figures import MUTED, PINK, SELECTED, draw
from pages.parts.text import escape
from pages.parts.view import header

SORTS = ("most credited", "commonest", "rarest", "strongest", "enriched", "vetoed")
SHOWN = 500

now = header(
    "Features", "Each feature stands for something the model notices. Veto those that should not bring a sample in."
)
store, book, n = now.session.store, now.ledger, now.matrix.n_samples
density = now.matrix.density()
peak = np.zeros(now.matrix.n_features)
np.maximum.at(peak, now.matrix.feature, now.matrix.value)
vetoed = np.array(sorted(now.state.vetoes), dtype=int)

columns = st.columns([2, 2], vertical_alignment="bottom")
search = columns[0].text_input("Search", placeholder="a token, a label or a number", key="search", bind="query-params")
sort = columns[1].selectbox("Order", SORTS, key="sort", bind="query-params")
active = np.flatnonzero((density > 0) | np.isin(np.arange(len(density)), vetoed))
times_credited = np.bincount(book.feature, minlength=len(density))
commoner, surprising = lift(now.matrix, now.selection.rows), surprise(now.matrix, now.selection.rows)
keys = {
    "most credited": (-times_credited[active], -surprising[active]),
    "commonest": (-density[active],),
    "rarest": (density[active],),
    "strongest": (-peak[active],),
    "enriched": (-surprising[active],),
    "vetoed": (~np.isin(active, vetoed),),
}
listed = active[np.lexsort(keys[sort][::-1])]
if search.strip():
    wanted = search.strip().lower()
    listed = np.array([f for f in listed if wanted == str(f) or wanted in now.label(f).lower()], dtype=int)
n_found, listed = len(listed), listed[:SHOWN]


def several(chosen: list[int]) -> None:
    """Veto or label the chosen features under one name."""
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    name = left.text_input("Name of the group", key="group-name", placeholder="why, or what they stand for")
    if middle.button(f"Veto these {len(chosen)}", icon=":material/block:", key="veto-many", width="stretch"):
        now.workspace.veto(chosen, reason=name)
        st.rerun()
    if right.button("Label them so", key="label-many", width="stretch", disabled=not name.strip()):
        for feature in chosen:
            now.workspace.label(feature, name)
        st.rerun()


def direction_chart() -> None:
    """All active features by their decoder directions, coloured by what the selection does with them."""
    found = store.directions()
    features = found["feature_id"]
    at_theta = density[features] > 0
    is_vetoed = np.isin(features, vetoed)
    covered = (book.credit[features] >= 0) & ~is_vetoed
    figure = go.Figure()
    for name, mask, colour in (
        ("not covered", at_theta & ~covered & ~is_vetoed, MUTED),
        ("covered", covered, SELECTED),
        ("vetoed", is_vetoed, PINK),
    ):
        at = np.flatnonzero(mask)
        texts = [escape(now.label(f))[:60] for f in features[at]]
        figure.add_scattergl(
            x=found["x"][at], y=found["y"][at], mode="markers", name=f"{name} ({len(at):,})", text=texts,
            customdata=features[at], marker={"color": colour, "size": 5, "opacity": 0.7},
            hovertemplate="feature %{customdata}: %{text}<extra>" + name + "</extra>",
        )  # fmt: skip
    areas = now.session.remember("areas", lambda: named_areas(np.column_stack([found["x"], found["y"]])))
    for members, (x, y) in areas:
        best = features[members][np.argmax(times_credited[features[members]])]
        figure.add_annotation(x=x, y=y, text=escape(now.label(best))[:24], showarrow=False, font={"size": 11})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    draw(figure, "directions", 480)
    st.caption(
        f"UMAP of the decoder directions by cosine: of {int(at_theta.sum()):,} features active at this θ the picks "
        f"cover {int(covered.sum()):,}. Each area is named by its most credited feature."
    )


left, right = st.columns([5, 4], gap="large")
with left:
    lines = now.session.remember(("sparks", now.spec.scope, now.spec.theta), lambda: sparklines(now.matrix, active))
    place = np.searchsorted(active, listed)
    frame = pd.DataFrame(
        {
            "feature": listed,
            "strongest tokens or label": [now.label(f) for f in listed],
            "values": list(lines[place]) if len(lines) == len(active) else None,
            "brought in by pick": [int(book.credit[f]) + 1 if book.credit[f] >= 0 else None for f in listed],
            "in samples": density[listed] * 100,
            "among picks ×": commoner[listed],
            "veto": [now.state.vetoes.get(int(f), "") for f in listed],
            "reason": [now.state.reasons.get(int(f), "") for f in listed],
        }
    )
    event = st.dataframe(
        frame, key="features-table", hide_index=True, on_select="rerun", selection_mode="multi-row", height=560,
        column_config={
            "values": st.column_config.BarChartColumn(width="small", help="How many samples reach which value."),
            "in samples": st.column_config.NumberColumn(format="%.1f %%"),
            "among picks ×": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip
    if n_found > SHOWN:
        st.caption(f"The first {SHOWN} of {n_found:,}: search to see others.")
    chosen = [int(listed[i]) for i in event["selection"]["rows"] if i < len(listed)]
    if len(chosen) > 1:
        several(chosen)
    direction_chart()
with right:
    asked = st.query_params.get("feature", "")
    default = int(asked) if asked.isdigit() and int(asked) < len(density) else (int(listed[0]) if len(listed) else 0)
    if len(listed) or asked:
        feature = chosen[-1] if chosen else default
        feature_card.draw(now, feature, float(commoner[feature]))
    else:
        st.info("No feature matches the search.")
