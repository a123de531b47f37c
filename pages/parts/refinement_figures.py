"""The figures of the page Refinement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.selection.clustering import KRow
from pages.parts.figures import ACCENT, MUTED, PINK, SELECTED, line, thinned
from pages.parts.map import map_of
from pages.parts.text import cut, escape

DASHES = ("solid", "dash", "dot")  # tell clusters of one colour apart without a colour
LEFT_OUT = 3000  # samples drawn of those that were not picked
NAMED = len(DASHES)  # clusters that are named of those that gained, and of those that lost


def weight_figure(
    weights: np.ndarray, gainers: Sequence[int], losers: Sequence[int], titles: Mapping[int, str]
) -> go.Figure:
    """The clusters' weights float64 (T + 1, C) over the rounds; equal slopes are equal factors."""
    figure, rounds = go.Figure(), list(range(len(weights)))
    others = [c for c in range(weights.shape[1]) if c not in {*gainers, *losers} and weights[0, c] > 0]
    if others:
        figure.add_trace(others_line(weights, others, titles))
    for clusters, colour, way in ((gainers, SELECTED, "▲"), (losers, ACCENT, "▼")):
        for cluster, dash in zip(clusters, DASHES, strict=False):
            name = escape(titles[cluster])
            trace = line(f"{way} {escape(cut(titles[cluster], 34))}", rounds, weights[:, cluster], colour, dash=dash)
            trace.update(mode="lines+markers", hovertemplate=f"cluster {name}<br>%{{y:.3~%}}<extra></extra>")
            figure.add_trace(trace)
    figure.update_xaxes(title="round", tickvals=rounds, ticktext=["at first", *(f"after {t}" for t in rounds[1:])])
    drawn = weights[weights > 0]
    figure.update_yaxes(title="weight", type="log", tickformat="~%", nticks=8)
    if drawn.max() > 5 * drawn.min():  # ticks at 1, 2 and 5: two of them at least, and none too close
        figure.update_yaxes(dtick="D2")
    return figure


def others_line(weights: np.ndarray, clusters: Sequence[int], titles: Mapping[int, str]) -> go.Scatter:
    """Many clusters as one trace, a gap after each: a trace apiece would be slow and would fill the legend."""
    x = np.concatenate([np.append(np.arange(len(weights), dtype=float), np.nan) for _ in clusters])
    y = np.concatenate([np.append(weights[:, c], np.nan) for c in clusters])
    text = [escape(titles[c]) for c in clusters for _ in range(len(weights) + 1)]
    return go.Scatter(
        x=x, y=y, text=text, name=f"{len(clusters):,} others", mode="lines", opacity=0.6,
        line={"color": MUTED, "width": 1}, hovertemplate="cluster %{text}<br>%{y:.3~%}<extra></extra>",
    )  # fmt: skip


def k_figure(curve: Sequence[KRow], k: int) -> go.Figure:
    """Silhouette and inertia of each candidate number of clusters, the chosen one marked."""
    ks = [point.k for point in curve]
    figure = go.Figure(go.Scatter(x=ks, y=[point.silhouette for point in curve], name="silhouette",
                                  mode="lines+markers", line={"color": SELECTED}))  # fmt: skip
    figure.add_scatter(x=ks, y=[point.inertia for point in curve], name="inertia", yaxis="y2", mode="lines+markers",
                       line={"color": ACCENT, "dash": "dash"})  # fmt: skip
    figure.add_vline(x=k, line={"color": PINK})
    # on a logarithmic axis Plotly takes lines by their value, but text by its logarithm
    figure.add_annotation(x=np.log10(k), y=1, yref="paper", text=f"k = {k}", showarrow=False, xanchor="left", xshift=4)
    figure.update_xaxes(type="log", title="clusters k", tickvals=ks)
    return figure.update_layout(
        yaxis={"title": "silhouette"},
        yaxis2={"title": "inertia", "overlaying": "y", "side": "right", "showgrid": False},
    )


def map_figure(place: Mapping[str, np.ndarray], rows: np.ndarray, prompts: Mapping[int, str]) -> go.Figure:
    """The picks on the map in colour, with their prompts, among the others, or LEFT_OUT of them."""
    kept = np.zeros(len(place["x"]), bool)
    kept[rows] = True
    others, shown = np.flatnonzero(~kept), np.zeros(len(kept), bool)
    shown[others[thinned(len(others), LEFT_OUT)]] = True
    layers = [("left out", shown, MUTED, 3, 0.35), ("picked", kept, SELECTED, 6, 0.9)]
    return map_of(place, layers, prompts).update_layout(showlegend=False)
