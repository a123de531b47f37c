"""Charts in the house style, and its colours."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

# Okabe and Ito's colours, which colour-blind people tell apart.
# The blue is a little lighter, so that it stands out on a dark page too.
SELECTED, ACCENT, MUTED, GREEN, PINK = "#1F88CC", "#E69F00", "#9AA5B1", "#009E73", "#CC79A7"
# Okabe and Ito's colours without black, which a dark page would swallow; further features share the grey.
PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
# Five more, for who has more to tell apart than these.
CATEGORIES = (*PALETTE, "#8F7CE0", "#A5673F", "#6BAA3A", "#B5409E", "#5F9EA0")
GREY = "#9AA5B1"
# Of a scale from low to high: they tell apart in light, for every eye, and stand out on a light and on a dark page.
LOW, MIDDLE, HIGH = (0, 114, 178), (204, 121, 167), (230, 159, 0)
# Read aloud, not seen.
UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"
BARS = 12  # that are read aloud one by one
COLOURS = {"sae-greedy": SELECTED, "longest-response": ACCENT, "random": MUTED}


# --- drawing


def draw(figure: go.Figure, key: str, height: int = 420, **options: Any) -> Any:
    """A Plotly chart in the house style, with what it shows in words for those who do not see it."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 18, "t": 30, "b": 10},  # room for half of a last tick's label
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},  # more lines of it grow upwards
        hoverlabel={"align": "left"},
    )
    with st.container(gap=None):
        st.html(f"<p style='{UNSEEN}'>{html.escape(html.unescape(in_words(figure)))}</p>")
        return st.plotly_chart(figure, key=key, config={"displaylogo": False}, **options)


def line(name: str, x: Sequence[float], y: Sequence[float], colour: str, **style: Any) -> go.Scatter:
    """A line with its name in the legend."""
    return go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "width": 2.5, **style})


def thinned(n: int, most: int = 400) -> np.ndarray:
    """Up to `most` positions from 0 to n − 1, the last included: no chart needs more points than pixels."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.zeros(0, int)


def scale_colours(steps: int) -> list[str]:
    """Colours of a scale from LOW over MIDDLE to HIGH, the ends included."""
    at = np.linspace(0, 2, steps)
    parts = [np.rint(np.interp(at, [0, 1, 2], ends)).astype(int) for ends in zip(LOW, MIDDLE, HIGH, strict=True)]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in zip(*parts, strict=True)]


# --- for those who do not see a chart


def in_words(figure: go.Figure) -> str:
    """What a chart shows: its axes, and of each trace where it begins and ends, its bars, or how many points it has."""
    axes = [axis.title.text for axis in (figure.layout.yaxis, figure.layout.xaxis) if axis.title.text]
    parts = [f"{trace.name}: {trace_in_words(trace)}" if trace.name else trace_in_words(trace) for trace in figure.data]
    return ". ".join([f"Chart of {' against '.join(axes)}" if axes else "Chart", *parts]) + "."


def trace_in_words(trace: Any) -> str:
    """One trace of a chart: a sentence without its end."""
    if trace.type == "heatmap":
        return f"a table of {len(trace.y):,} by {len(trace.x):,} cells"
    x, y = list(trace.x if trace.x is not None else ()), list(trace.y if trace.y is not None else ())
    if x and y and trace.type == "scatter":  # without the gaps between the lines of one trace
        drawn = [(a, b) for a, b in zip(x, y, strict=True) if not (is_gap(a) or is_gap(b))]
        x, y = [a for a, _ in drawn], [b for _, b in drawn]
    if trace.type == "bar":
        places, heights = (y, x) if trace.orientation == "h" else (x, y)
        pairs = list(zip(places if trace.hovertext is None else trace.hovertext, heights, strict=True))
        shown = ", ".join(f"{shortly(name)} {shortly(value)}" for name, value in pairs[:BARS])
        return shown + (f" and {len(pairs) - BARS:,} more bars" if len(pairs) > BARS else "")
    if trace.type == "histogram":
        return f"how {len(x):,} values are spread from {shortly(min(x))} to {shortly(max(x))}"
    if "lines" not in (trace.mode or "") or not x:
        return f"{len(x):,} {'point' if len(x) == 1 else 'points'}"
    return f"from {shortly(y[0])} at {shortly(x[0])} to {shortly(y[-1])} at {shortly(x[-1])}"


def is_gap(value: Any) -> bool:
    """Whether a value is none: nothing is drawn there."""
    return value is None or value != value  # NaN alone is not itself


def shortly(value: Any) -> str:
    """A number with three figures, or a name as it is."""
    return value if isinstance(value, str) else f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
