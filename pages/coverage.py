"""Coverage: which features the selection reaches, which it misses, and which hang on one sample."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.matrix.statistics import active_in
from pages.parts import clusters
from pages.parts.figures import ACCENT, PINK, SELECTED, draw
from pages.parts.view import header, link, metrics

now = header("Coverage", "A feature is covered when at least one kept sample activates it.")
density, n = now.matrix.density(), now.matrix.n_samples
in_selection = active_in(now.matrix, now.selection.rows)
active, covered = density > 0, in_selection > 0
vetoed = np.zeros(len(active), bool)
vetoed[list(now.state.vetoes)] = True
missed = active & ~covered & ~vetoed

metrics(
    (
        "Covered",
        f"{(covered & ~vetoed).sum():,}",
        f"{(covered & active).sum() / max(active.sum(), 1):.1%} of the active",
    ),
    ("Missed", f"{missed.sum():,}", "active somewhere, in no pick"),
    ("In one pick only", f"{(in_selection == 1).sum():,}", "lost if that sample goes"),
    ("Never active", f"{(~active).sum():,}", "at this θ"),
)

edges = np.logspace(np.log10(1 / n), 0, 24)
middles = np.sqrt(edges[:-1] * edges[1:])
figure = go.Figure()
for name, mask, colour in (
    ("covered", covered & ~vetoed, SELECTED),
    ("missed", missed, ACCENT),
    ("vetoed", vetoed & active, PINK),
):
    counts = np.histogram(np.clip(density[mask & active], edges[0], 1), edges)[0]
    figure.add_bar(x=middles, y=counts, name=name, marker_color=colour, width=np.diff(edges) * 0.95,
                   hovertemplate="in %{x:.2%} of samples: %{y:,} features<extra>" + name + "</extra>")  # fmt: skip
figure.update_layout(barmode="stack")
marks = [share for share in (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1) if share >= 0.8 / n]
figure.update_xaxes(
    type="log",
    title="share of samples in which the feature is active",
    tickvals=marks,
    ticktext=[f"{100 * m:.3g} %" for m in marks],
)
figure.update_yaxes(title="features")
draw(figure, "coverage-density", 340)
rare = np.median(density[missed]) * n if missed.any() else 0
st.caption(
    f"The selection misses {missed.sum():,} features; "
    + (
        f"half of them are active in at most {rare:,.0f} samples."
        if missed.any()
        else "there is nothing left to cover."
    )
)


def table(features: np.ndarray, key: str) -> None:
    """Features with their faces; a click leads to the feature's card."""
    frame = pd.DataFrame(
        {
            "feature": features,
            "strongest tokens or label": [now.label(f) for f in features],
            "samples": (density[features] * n).round().astype(int),
            "kept samples": in_selection[features],
        }
    )
    event = st.dataframe(frame, key=key, hide_index=True, on_select="rerun", selection_mode="single-row", height=330)
    for i in event["selection"]["rows"][:1]:
        target = link(feature=int(features[i]))
        st.page_link(
            "pages/features.py", label=f"Open feature {features[i]}", icon=":material/lightbulb:", query_params=target
        )


left, right = st.columns(2, gap="large")
with left:
    st.subheader("Missed, commonest first", anchor=False)
    table(np.flatnonzero(missed)[np.argsort(-density[missed], kind="stable")][:300], "coverage-missed")
with right:
    st.subheader("Covered most often", anchor=False)
    table(np.argsort(-in_selection, kind="stable")[: min(300, int(covered.sum()))], "coverage-common")

clusters.section(now)

if now.selection.weight is not None:  # reference-guided: what it steers to
    wanted = np.flatnonzero(now.selection.weight > 0)
    reached = covered[wanted]
    st.subheader("What the reference activates more than the data", anchor=False)
    st.write(
        f"The selection reaches {reached.sum():,} of the {len(wanted):,} features that the reference has more of, "
        f"{now.selection.weight[wanted[reached]].sum() / now.selection.weight.sum():.1%} of the difference."
    )
    most = wanted[np.argsort(-now.selection.weight[wanted], kind="stable")][:300]
    table(most, "coverage-reference")
