"""Features: what each one fires on, how much it brought to the selection; veto it, label it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.explain import enrichment
from core.schema import SelectionError
from core.veto import leaks, preview
from pages import shared

SORTS = ("most credited", "commonest", "rarest", "strongest", "vetoed")

now = shared.header(
    "Features", "Each feature stands for something the model notices. Veto those that should not bring a sample in."
)
store, book, n = now.session.store, now.ledger, now.matrix.n_samples
density = now.matrix.density()
peak = np.zeros(now.matrix.n_features)
np.maximum.at(peak, now.matrix.feature, now.matrix.value)
rank_of = book.credit
vetoed = np.array(sorted(now.state.vetoes), dtype=int)

columns = st.columns([2, 2], vertical_alignment="bottom")
search = columns[0].text_input("Search", placeholder="a token, a label or a number", key="search", bind="query-params")
sort = columns[1].selectbox("Order", SORTS, key="sort", bind="query-params")
active = np.flatnonzero((density > 0) | np.isin(np.arange(len(density)), vetoed))
lift = enrichment(now.matrix, now.selection.rows)
times_credited = np.bincount(book.feature, minlength=len(density))
expected = density * len(now.selection.rows)
surprise = (lift * expected - expected) / np.sqrt(np.maximum(expected, 1e-9))  # standard deviations above a random draw
keys = {
    "most credited": (-times_credited[active], -surprise[active]),
    "commonest": (-density[active],),
    "rarest": (density[active],),
    "strongest": (-peak[active],),
    "vetoed": (~np.isin(active, vetoed),),
}
listed = active[np.lexsort(keys[sort][::-1])]
if search.strip():
    wanted = search.strip().lower()
    listed = np.array([f for f in listed if wanted == str(f) or wanted in now.label(f).lower()], dtype=int)
listed = listed[:500]


def before_veto(features: list[int]) -> None:
    """What a veto changes, and which other features still carry what it is meant to stop."""
    vetoed = set(features) <= set(now.state.vetoes)
    if not st.toggle("What still carries it?" if vetoed else "What would a veto change?", key="before-veto"):
        return
    if not vetoed:
        try:
            effect = preview(now.matrix, now.selection, now.session.info, features)
        except SelectionError as error:
            st.caption(shared.plain(error))
            return
        tokens, mean = effect.tokens, effect.mean_length
        st.caption(
            "No pick would change: other features bring the same samples in."
            if not len(effect.leaving) + len(effect.entering)
            else f"{len(effect.leaving):,} picks leave and {len(effect.entering):,} enter; the picks cover "
            f"{effect.covered[1] - effect.covered[0]:+,} features that are not vetoed, with {tokens[1] - tokens[0]:+,} "
            f"tokens ({mean[1] - mean[0]:+.1f} a sample)."
        )
    found = leaks(now.matrix, {*features, *now.state.vetoes}, now.session.decoder())
    if not found:
        st.caption("No other feature fires with it so often that it would carry the same.")
        return
    st.caption(f"{len(found)} features fire with what is vetoed and say much the same:")
    st.dataframe(
        pd.DataFrame(
            {
                "feature": [leak.feature for leak in found],
                "strongest tokens or label": [now.label(leak.feature) for leak in found],
                "carries": [leak.vetoed for leak in found],
                "same samples": [100 * leak.jaccard for leak in found],
                "decoder cosine": [leak.cosine for leak in found],
            }
        ),
        hide_index=True, key="leaks", height=min(35 * len(found) + 40, 220),
        column_config={
            "same samples": st.column_config.NumberColumn(format="%.0f %%"),
            "decoder cosine": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip
    if st.button(f"Veto {len({*features, *(leak.feature for leak in found)})} features together", key="veto-group"):
        now.workspace.veto([*features, *(leak.feature for leak in found)], reason="a group that fires together")
        st.rerun()


def card(feature: int) -> None:
    """One feature: figures, decisions and its strongest contexts."""
    st.subheader(f"Feature {feature}", anchor=False)
    st.html(f"<div style='font-size:1.1rem' data-testid='feature-face'>{shared.escape(now.label(feature))}</div>")
    mode = now.state.vetoes.get(feature)
    figures = st.columns(3)
    figures[0].metric(
        "Active in", f"{density[feature]:.1%}", f"{density[feature] * n:,.0f} samples", "off", delta_arrow="off"
    )
    figures[1].metric("Brought in by", f"pick {rank_of[feature] + 1}" if rank_of[feature] >= 0 else "no pick")
    figures[2].metric("Among the picks", f"× {lift[feature]:.2f}", "as common as in all", "off", delta_arrow="off")
    left, middle, right = st.columns(3)
    if mode is None:
        if left.button(
            "No credit",
            key="veto-ignore",
            width="stretch",
            icon=":material/block:",
            help="Veto: no sample is picked for it any more.",
        ):
            now.workspace.veto([feature])
            st.rerun()
        if middle.button(
            "Block samples",
            key="veto-block",
            width="stretch",
            icon=":material/do_not_disturb_on:",
            help="Veto: samples in which it is active are left out.",
        ):
            now.workspace.veto([feature], mode="block")
            st.rerun()
    elif left.button(f"Lift the veto ({mode})", key="unveto", width="stretch"):
        now.workspace.unveto([feature])
        st.rerun()
    before_veto([feature])
    with right.popover("Label", width="stretch"):
        text = st.text_input("What does it stand for?", now.state.labels.get(feature, ""), key=f"label-{feature}")
        if st.button("Save the label", key=f"save-{feature}"):
            now.workspace.label(feature, text)
            st.rerun()
    st.caption("Where it fires most: tokens shaded by value, the peak underlined.")
    blocks = []
    for context in store.contexts(feature):
        text = shared.tokens_html(context["pieces"], context["values"], context["peak"])
        top = max(context["values"], default=0)
        blocks.append(
            "<div style='padding:6px 0;border-bottom:1px solid rgba(128,128,128,.25)'>"
            f"<span style='opacity:.6;font-size:.8rem'>row {context['sample_id']} · {top:.3g}</span><br>{text}</div>"
        )
    st.html("".join(blocks) or "It never fires in this data set.")
    values = now.matrix.value[now.matrix.feature == feature]
    if len(values) > 1:
        figure = go.Figure(go.Histogram(x=values, nbinsx=30, marker_color=shared.SELECTED))
        figure.update_xaxes(title="largest value in a sample")
        figure.update_yaxes(title="samples")
        shared.draw(figure, f"feature-values-{feature}", 200)


left, right = st.columns([5, 4], gap="large")
with left:
    frame = pd.DataFrame(
        {
            "feature": listed,
            "strongest tokens or label": [now.label(f) for f in listed],
            "brought in by pick": [int(rank_of[f]) + 1 if rank_of[f] >= 0 else None for f in listed],
            "in samples": density[listed] * 100,
            "among picks ×": lift[listed],
            "veto": [now.state.vetoes.get(int(f), "") for f in listed],
        }
    )
    event = st.dataframe(
        frame, key="features-table", hide_index=True, on_select="rerun", selection_mode="multi-row", height=640,
        column_config={
            "in samples": st.column_config.NumberColumn(format="%.1f %%"),
            "among picks ×": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip
    chosen = [int(listed[i]) for i in event["selection"]["rows"] if i < len(listed)]
    if len(chosen) > 1 and st.button(f"Veto these {len(chosen)}", icon=":material/block:", key="veto-many"):
        now.workspace.veto(chosen)
        st.rerun()
with right:
    asked = st.query_params.get("feature", "")
    default = int(asked) if asked.isdigit() and int(asked) < len(density) else (int(listed[0]) if len(listed) else 0)
    if len(listed) or asked:
        card(chosen[-1] if chosen else default)
    else:
        st.info("No feature matches the search.")
