"""The figures of the page Compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from core.studies.comparison import MethodRow
from pages.parts.figures import SELECTED

SHADES, INK = ("#F4F9FD", "#85BCDB"), "#111111"  # light enough for text in ink on all of them


def overlap_figure(rows: Sequence[MethodRow]) -> go.Figure:
    """Which share of each method's picks every other one picks too."""
    names = [r.method for r in rows]
    shared = np.array([[r.overlap.get(name, 1.0) for name in names] for r in rows])
    figure = go.Figure(
        go.Heatmap(
            z=shared, x=names, y=names, zmin=0, zmax=1, colorscale=SHADES, showscale=False,
            texttemplate="%{z:.0%}", textfont_color=INK,
            hovertemplate="%{z:.1%} of the picks of %{y} are picks of %{x}<extra></extra>",
        )
    )  # fmt: skip
    return figure.update_yaxes(autorange="reversed")


def stability_figure(kept: Mapping[str, float]) -> go.Figure:
    """A bar for each variation of the request: the share of the picks that stay."""
    names = list(kept)
    bars = go.Bar(
        x=[kept[n] for n in names], y=names, orientation="h", marker_color=SELECTED,
        text=[f"{kept[n]:.0%}" for n in names], hovertemplate="%{y}: %{x:.1%} stay<extra></extra>",
    )  # fmt: skip
    return go.Figure(bars).update_xaxes(range=[0, 1], tickformat=".0%", title="picks that stay")
