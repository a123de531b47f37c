"""Longest response: long answers activate more features, and what is left of that at equal tokens."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.explain import length_effect
from core.session import by_method
from pages import shared

now = shared.header(
    "Longest response", "Long answers touch more features: that is why training on the longest ones works so well."
)
session, info, counts = now.session, now.session.info, now.matrix.counts
response = {
    "all": info.prompt_tokens + info.response_tokens,
    "prompt": info.prompt_tokens,
    "response": info.response_tokens,
}
tokens = np.asarray(response[now.spec.scope])
effect = length_effect(now.matrix, tokens)
shared.metrics(
    ("Pearson r", f"{effect.pearson:.3f}", "tokens and active features"),
    ("Spearman r", f"{effect.spearman:.3f}", "by rank"),
    ("Samples", f"{effect.n:,}", f"features of {now.spec.scope}"),
)

kept = np.zeros(len(tokens), bool)
kept[now.selection.rows] = True
rng = np.random.default_rng(0)
figure = go.Figure()
for name, mask, colour in (("left out", ~kept, shared.MUTED), ("kept", kept, shared.SELECTED)):
    rows = np.flatnonzero(mask)
    rows = np.sort(rng.permutation(rows)[:20_000])
    figure.add_scattergl(
        x=tokens[rows], y=counts[rows], mode="markers", name=name, customdata=rows,
        marker={"color": colour, "size": 5, "opacity": 0.55},
        hovertemplate="row %{customdata}: %{x:,} tokens, %{y:,} features<extra>" + name + "</extra>",
    )  # fmt: skip
figure.update_xaxes(title=f"tokens ({now.spec.scope})")
figure.update_yaxes(title="active features")
shared.draw(figure, "longest-scatter", 400)
cut = int((session.store.sample_columns()["n_truncated"] > 0).sum())
limit = session.store.meta["config"]["max_tokens"]
st.caption(
    f"Over {effect.n:,} samples r = {effect.pearson:.2f}: a sample with the median of {np.median(tokens):,.0f} tokens "
    f"activates {np.median(counts):,.0f} features. The paper reports r = 0.92. "
    + (f"{cut:,} samples were cut at {limit} tokens, where the points pile up." if cut else "")
)

everything = session.full(now.spec)
orders = {m: session.order(by_method(now.spec, m)).rows for m in ("sae-greedy", "longest-response", "random")}
total = info.tokens
left, right = st.columns(2, gap="large")
same_samples, same_tokens = go.Figure(), go.Figure()
for method, rows in orders.items():
    covered = session.curve(by_method(everything, method))
    at = shared.thinned(len(rows))
    same_samples.add_trace(shared.line(method, at + 1, covered[at], shared.COLOURS[method]))
    same_tokens.add_trace(shared.line(method, np.cumsum(total[rows])[at], covered[at], shared.COLOURS[method]))
k = len(now.selection.rows)
budget = int(total[now.selection.rows].sum())
reached = {}
for method, rows in orders.items():
    curve = session.curve(by_method(everything, method))
    fits = int(np.searchsorted(np.cumsum(total[rows]), budget, "right"))
    reached[method] = (curve[k - 1], curve[max(fits - 1, 0)])
with left:
    st.subheader("At equal samples", anchor=False)
    same_samples.add_vline(x=k, line={"color": shared.PINK})
    same_samples.update_xaxes(title="samples")
    same_samples.update_yaxes(title="features covered")
    shared.draw(same_samples, "longest-samples", 340)
    st.caption("; ".join(f"{m} covers {v[0]:,}" for m, v in reached.items()) + f" with {k:,} samples.")
with right:
    st.subheader("At equal tokens", anchor=False)
    same_tokens.add_vline(x=budget, line={"color": shared.PINK})
    same_tokens.update_xaxes(title="tokens to train on")
    same_tokens.update_yaxes(title="features covered")
    shared.draw(same_tokens, "longest-tokens", 340)
    st.caption("; ".join(f"{m} covers {v[1]:,}" for m, v in reached.items()) + f" with {budget:,} tokens.")
