"""Charts in the house style, and its colours."""

from __future__ import annotations

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
COLOURS = {"sae-greedy": SELECTED, "longest-response": ACCENT, "random": MUTED}


# --- drawing


def draw(figure: go.Figure, key: str, height: int = 420, **options: Any) -> Any:
    """A Plotly chart in the house style."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},  # more lines of it grow upwards
        hoverlabel={"align": "left"},
    )
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
