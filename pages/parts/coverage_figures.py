"""The figures of the pages Overview and Coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.explain.summary import CoverageSummary
from pages.parts.figures import ACCENT, MUTED, PINK, SELECTED

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


def sizes_figure(names: Sequence[str], samples: Sequence[int], n: int) -> go.Figure:
    """A bar for each topic or feature: how many of the `n` samples have it."""
    places = list(range(len(names)))[::-1]
    bars = go.Bar(
        x=list(samples), y=places, orientation="h", marker_color=SELECTED, textangle=0,
        text=[f"{s:,}" for s in samples],
        hovertext=list(names), customdata=[s / n for s in samples],
        hovertemplate="%{hovertext}: %{x:,} samples, %{customdata:.1%}<extra></extra>",
    )  # fmt: skip
    figure = go.Figure(bars).update_xaxes(title="samples")
    return figure.update_yaxes(tickvals=places, ticktext=list(names))


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
