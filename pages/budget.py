"""Budget: how coverage grows with the number of samples, and where the rest stops being worth it."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.explain.certificates import certificate
from core.selection.run import is_nested
from core.session.session import by_method
from pages.parts.figures import COLOURS, GREEN, MUTED, PINK, draw, line, thinned
from pages.parts.refinement_figures import k_figure
from pages.parts.tables import samples_table
from pages.parts.view import header, link, metrics

now = header("Budget", "Move the budget in the sidebar: the picks, the curve and the figures follow.")
session, k = now.session, len(now.selection.rows)
curve, everything = session.curve(now.spec), max(session.coverable(now.spec), 1)
tokens = session.info.tokens
low, middle, high = session.random_band(now.spec)
sure = f"≥ {certificate(now.matrix, now.selection).share:.1%}" if now.spec.unit == "samples" else "—"

spent = tokens[now.selection.rows]
metrics(
    ("Picks", f"{k:,}", f"{k / session.store.n_samples:.1%} of the data"),
    ("Features covered", f"{curve[k - 1]:,}", f"{curve[k - 1] / everything:.1%} of {everything:,}"),
    ("Tokens", f"{spent.sum():,}", f"mean {spent.mean():,.0f} a sample"),
    ("Certificate", sure, "of the best possible coverage"),
)

figure = go.Figure()
at = thinned(len(middle))
band = np.concatenate([low[at], high[at][::-1]])
figure.add_scatter(
    x=np.concatenate([at + 1, at[::-1] + 1]), y=band, fill="toself", name="random, 20 draws", mode="lines",
    line={"width": 0}, fillcolor="rgba(154,165,177,.35)", hoverinfo="skip",
)  # fmt: skip
figure.add_trace(line("random, median", at + 1, middle[at], MUTED, dash="dot"))
for method in dict.fromkeys(["longest-response", "sae-greedy", now.spec.method]):
    if method != "random":
        spec = by_method(now.spec, method)
        covered = session.curve(spec)
        at = thinned(len(covered))
        figure.add_trace(line(method, at + 1, covered[at], COLOURS.get(method, GREEN)))
figure.add_vline(x=k, line={"color": PINK, "width": 2}, annotation_text=f"{k:,}")
figure.update_xaxes(title="samples", rangemode="tozero")
figure.update_yaxes(title="features covered", rangemode="tozero")
figure.update_layout(hovermode="x unified")
draw(figure, "budget-curve", 430)
ahead = int(np.searchsorted(middle, curve[k - 1])) + 1
st.caption(
    f"{now.spec.method} covers {curve[k - 1]:,} features with {k:,} samples; a random draw needs about "
    f"{min(ahead, len(middle)):,} for as many, and its {k:,} cover {middle[k - 1]:,.0f}."
)

if not is_nested(now.spec):
    st.caption(
        f"{now.spec.method} in {now.spec.unit} selects anew for each budget: the picks of a smaller one need not be "
        "among those of a larger one."
    )

found = now.selection.details.get("clusters")
if found is not None and found.curve:
    draw(k_figure(found.curve, found.k), "budget-clusters", 260)
    st.caption(f"{found.k} clusters were chosen by {now.spec.options['k']} among {len(found.curve)} numbers.")

st.subheader("The picks, in order", anchor=False)
shown = slice(max(0, k - 500), k)
if k > 500:
    st.caption(f"The last 500 of {k:,}.")
row = samples_table(
    now, now.selection.rows[shown], "budget-picks",
    pick=np.arange(1, k + 1)[shown], gain=now.selection.gains[shown].astype(int),
)  # fmt: skip
if row is not None:
    st.page_link(
        "pages/why.py",
        label=f"Why row {row} was picked",
        icon=":material/help_center:",
        query_params=link(row=row),
    )
