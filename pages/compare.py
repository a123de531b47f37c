"""Compare: the methods side by side at one budget, and how stable this one is."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.explain.stability import stability
from core.selection.inputs import TOKEN_COUNTS
from core.selection.registry import METHODS
from core.studies.comparison import MethodRow, compare
from pages.parts.figures import SELECTED, draw
from pages.parts.tables import samples_table, why_link
from pages.parts.text import plain
from pages.parts.view import header

now = header("Compare", "What each method covers, costs and repeats with the same budget, vetoes, pins and bans.")
session, k = now.session, len(now.selection.rows)
if now.spec.unit != "samples":
    st.info(
        "The comparison is at equal samples: set the budget in samples in the sidebar.", icon=":material/straighten:"
    )
    st.stop()
scores = [name for name in session.info.scores if name not in TOKEN_COUNTS]
columns = st.columns([3, 1], vertical_alignment="bottom")
lacking = {"reference", "run"} | (set() if scores else {"score"})
quick = [name for name, method in METHODS.items() if method.quick and not lacking & set(method.needs)]
looked_at = [] if now.spec.method in quick else [now.spec.method]
asked = columns[0].multiselect("Methods", list(METHODS), quick + looked_at, key="compared")
score = columns[1].selectbox("Quality is", scores or ["—"], key="compared-score", disabled=not scores)


def compared(names: list[str]) -> list[MethodRow]:
    """The rows of the methods; what ran before is remembered."""
    bar = st.progress(0.0, "Comparing …") if set(names) - set(quick) else None

    def tick(name: str) -> None:
        if bar:
            bar.progress(names.index(name) / len(names), f"Running {name} …")

    share = k / session.store.n_samples
    try:
        found = compare(session, now.spec, [share], names, score if scores else "", on_method=tick)
    finally:
        if bar:
            bar.empty()
    return list(found.rows)


rows = compared(asked) if asked else []
ran = sorted((r for r in rows if not r.why), key=lambda r: -r.covered)
if ran:
    frame = pd.DataFrame(
        {
            "method": [r.method for r in ran],
            "features covered": [round(r.covered) for r in ran],
            "of all": [100 * r.covered / max(session.coverable(now.spec), 1) for r in ran],
            "tokens": [round(r.tokens) for r in ran],
            "tokens a feature": [r.tokens / max(r.covered, 1) for r in ran],
            "redundancy": [100 * r.redundancy for r in ran],
            "mean quality": [r.quality for r in ran],
            "budget moves": ["go on" if METHODS[r.method].nested else "rerun" for r in ran],
        }
    )
    if not scores:
        frame = frame.drop(columns="mean quality")
    st.dataframe(
        frame, hide_index=True, key="compare-table",
        column_config={
            "of all": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
            "redundancy": st.column_config.NumberColumn(
                format="%.1f %%", help="share of the picks' active features that an earlier pick has"
            ),
            "features covered": st.column_config.NumberColumn(format="localized"),
            "tokens": st.column_config.NumberColumn(format="localized"),
            "tokens a feature": st.column_config.NumberColumn(format="%.1f"),
            "mean quality": st.column_config.NumberColumn(format="%.3f"),
            "budget moves": st.column_config.TextColumn(
                help="go on: a smaller budget is the first part of a larger one; rerun: each budget is drawn anew"
            ),
        },
    )  # fmt: skip
    best, worst = ran[0], ran[-1]
    st.caption(
        f"With {k:,} samples {best.method} covers {best.covered:,.0f} features"
        + (f", {worst.method} {worst.covered:,.0f}." if len(ran) > 1 else ".")
    )
for row in rows:
    if row.why:
        st.caption(plain(f"{row.method} could not run: {row.why}"))

left, right = st.columns(2, gap="large")
with left:
    if len(ran) > 1:
        st.subheader("Picks in common", anchor=False)
        names = [r.method for r in ran]
        shared_picks = np.array([[r.overlap.get(name, 1.0) for name in names] for r in ran])
        figure = go.Figure(
            go.Heatmap(
                z=shared_picks, x=names, y=names, zmin=0, zmax=1, colorscale="Blues", texttemplate="%{z:.0%}",
                hovertemplate="%{z:.1%} of the picks of %{y} are picks of %{x}<extra></extra>", showscale=False,
            )
        )  # fmt: skip
        figure.update_yaxes(autorange="reversed")
        draw(figure, "compare-overlap", 120 + 42 * len(names))
with right:
    st.subheader(f"How stable are the picks of {now.spec.method}?", anchor=False)
    if st.button("Try another θ, scope and seed", key="stability", icon=":material/published_with_changes:"):
        with st.spinner("Selecting again …"):
            st.session_state.stability_found = (repr(now.spec), stability(now.selection, session.selection))
    key, found = st.session_state.get("stability_found", ("", None))
    if found is not None and key == repr(now.spec):
        names = list(found.kept)
        bars = go.Figure(
            go.Bar(
                x=[found.kept[n] for n in names], y=names, orientation="h", marker_color=SELECTED,
                text=[f"{found.kept[n]:.0%}" for n in names], hovertemplate="%{y}: %{x:.1%} stay<extra></extra>",
            )
        )  # fmt: skip
        bars.update_xaxes(range=[0, 1], tickformat=".0%", title="picks that stay")
        draw(bars, "compare-stability", 80 + 44 * len(names))
        always = int((found.of_pick == 1).sum())
        st.caption(f"{always:,} of {k:,} picks are selected in every variation.")
    else:
        st.caption("Which picks stay with θ a fifth lower or higher, features of another scope, or another seed.")

if found is not None and key == repr(now.spec):
    st.subheader("The picks, the least stable first", anchor=False)
    at = np.argsort(found.of_pick, kind="stable")[:500]
    more = {"pick": at + 1, "stays in": 100 * found.of_pick[at]}
    for row in samples_table(now, now.selection.rows[at], "compare-picks", more, {"stays in": "%.0f %%"}):
        why_link(row)
