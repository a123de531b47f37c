"""The figures of the pages Overview, Budget and Coverage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from core.explain.summary import CoverageSummary
from core.session.session import by_method
from pages.parts.figures import ACCENT, COLOURS, GREEN, MUTED, PINK, SELECTED, line, thinned
from pages.parts.view import View

BAND = "rgba(154,165,177,.35)"
SHARES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)  # ticks


def shares_figure(shares: Mapping[str, float], method: str, noun: str) -> go.Figure:
    """A bar for each method's share of the topics or features, the view's own in colour."""
    names = sorted(shares, key=shares.__getitem__)
    bars = go.Bar(
        x=[shares[n] for n in names], y=names, orientation="h", textposition="auto",
        marker_color=[SELECTED if name == method else MUTED for name in names],
        text=[f"{shares[n]:.1%}" for n in names], hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )  # fmt: skip
    return go.Figure(bars).update_xaxes(tickformat=".0%", title=f"share of all {noun}s covered")


def budget_figure(now: View) -> go.Figure:
    """What is covered against samples: by greedy, the longest responses, the view's method, and random draws."""
    low, middle, high = now.session.random_band(now.spec)
    figure, at = go.Figure(), thinned(len(middle))
    figure.add_scatter(
        x=np.concatenate([at + 1, at[::-1] + 1]), y=np.concatenate([low[at], high[at][::-1]]), fill="toself",
        name="random, 20 draws", mode="lines", line={"width": 0}, fillcolor=BAND, hoverinfo="skip",
    )  # fmt: skip
    figure.add_trace(line("random, median", at + 1, middle[at], MUTED, dash="dot"))
    for method in dict.fromkeys(["longest-response", "sae-greedy", now.spec.method]):
        if method != "random":
            covered = now.session.curve(by_method(now.spec, method))
            at = thinned(len(covered))
            figure.add_trace(line(method, at + 1, covered[at], COLOURS.get(method, GREEN)))
    k = len(now.selection.rows)
    figure.add_vline(x=k, line={"color": PINK, "width": 2}, annotation_text=f"{k:,}")
    figure.update_xaxes(title="samples", rangemode="tozero")
    figure.update_yaxes(title=f"{now.noun}s covered", rangemode="tozero")
    return figure.update_layout(hovermode="x unified")


def density_figure(found: CoverageSummary, n: int, noun: str) -> go.Figure:
    """How many topics or features are active in which share of the `n` samples: covered, missed and vetoed ones."""
    edges = np.logspace(np.log10(1 / n), 0, 24)
    figure = go.Figure()
    for name, mask, colour in (
        ("covered", found.covered, SELECTED),
        ("missed", found.missed, ACCENT),
        ("vetoed", found.vetoed, PINK),
    ):
        figure.add_bar(
            x=np.sqrt(edges[:-1] * edges[1:]), width=np.diff(edges) * 0.95, name=name, marker_color=colour,
            y=np.histogram(np.clip(found.samples[mask] / n, edges[0], 1), edges)[0],
            hovertemplate="in %{x:.2%} of samples: %{y:,} " + noun + "s<extra>" + name + "</extra>",
        )  # fmt: skip
    marks = [share for share in SHARES if share >= 0.8 / n]
    figure.update_xaxes(
        type="log", title=f"share of samples in which the {noun} is active", tickvals=marks,
        ticktext=[f"{100 * m:.3g} %" for m in marks],
    )  # fmt: skip
    return figure.update_yaxes(title=f"{noun}s").update_layout(barmode="stack")
