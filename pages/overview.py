"""Overview: what the data set is, and what the selection gets out of it."""

import plotly.graph_objects as go
import streamlit as st

from pages.parts.figures import MUTED, SELECTED, draw
from pages.parts.text import escape, plain
from pages.parts.view import header, link, metrics

now = header(
    "Keep the samples that teach the most",
    "Each sample activates some features of a sparse autoencoder. A good subset covers many of them with few samples.",
)
store, matrix, budget = now.session.store, now.matrix, len(now.selection.rows)
coverable = now.session.coverable(now.spec)
covered = now.covered(now.spec.method)
tokens = now.session.info.tokens

kept = int(tokens[now.selection.rows].sum())
metrics(
    ("Samples kept", f"{budget:,}", f"of {store.n_samples:,}"),
    ("Features covered", f"{covered / max(coverable, 1):.1%}", f"{covered:,} of {coverable:,}"),
    ("Tokens to train on", f"{kept:,}", f"{kept / max(tokens.sum(), 1):.1%} of all"),
    ("Active features a sample", f"{matrix.counts.mean():,.0f}", f"at θ = {now.spec.theta:.3g}"),
)

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader(f"Coverage with {budget:,} samples", anchor=False)
    shares = {}
    for method in ("sae-greedy", "sae-simscale", "longest-response"):
        shares[method] = now.covered(method) / max(coverable, 1)
    shares["random"] = now.covered("random") / max(coverable, 1)
    names = sorted(shares, key=shares.__getitem__)
    colours = [SELECTED if name == now.spec.method else MUTED for name in names]
    chart = go.Figure(
        go.Bar(
            x=[shares[n] for n in names],
            y=names,
            orientation="h",
            marker_color=colours,
            text=[f"{shares[n]:.1%}" for n in names],
            textposition="auto",
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    chart.update_xaxes(tickformat=".0%", title="share of all features covered")
    draw(chart, "overview-coverage", 300)
    st.caption(
        f"With {budget:,} samples, greedy covers {shares['sae-greedy']:.1%} of the features, the longest responses "
        f"{shares['longest-response']:.1%}, a random draw {shares['random']:.1%}."
    )
with right:
    st.subheader("Where to go", anchor=False)
    for page, text in (
        ("budget", "How many samples are enough?"),
        ("why", "Why was this sample kept, or left out?"),
        ("features", "What do the features mean?"),
        ("longest", "Why do the longest responses do so well?"),
        ("export", "Download the curated file."),
    ):
        st.page_link(f"pages/{page}.py", label=text, query_params=link())
    st.subheader("How it was made", anchor=False)
    config = store.meta["config"]
    made = {
        "Model": config["model"].rstrip("/").rsplit("/", 1)[-1],
        "SAE": f"{config['sae'].rstrip('/').rsplit('/', 1)[-1]} ({store.n_features:,} features)",
        "Hook point": config["hook_point"],
        "Read": f"{store.meta['tokens']:,} tokens in {store.meta['seconds']:.0f} s, {config['dtype']}",
    }
    cells = "".join(
        f"<tr><td style='opacity:.7;padding:2px 12px 2px 0'>{k}</td><td>{escape(v)}</td></tr>" for k, v in made.items()
    )
    st.html(f"<table style='font-size:.9rem'>{cells}</table>")
for warning in store.meta["warnings"]:
    st.caption(f":material/info: {plain(warning)}")
