"""The map of samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.parts.text import cut, escape


def map_of(place: Mapping[str, np.ndarray], layers: Sequence[Any], prompts: Mapping[int, str]) -> go.Figure:
    """Samples on the map (x, y of `place`), in layers of (name, which bool (N,), colour, size, opacity).

    prompts: of the rows that tell theirs.
    """
    figure = go.Figure()
    for name, mask, colour, size, opacity in layers:
        rows = np.flatnonzero(mask)
        figure.add_scattergl(
            x=place["x"][rows], y=place["y"][rows], mode="markers", name=name, customdata=rows,
            marker={"color": colour, "size": size, "opacity": opacity},
            text=[escape(cut(prompts.get(r, ""), 80)) for r in rows.tolist()],
            hovertemplate="row %{customdata}<br>%{text}<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(visible=False)
    return figure.update_yaxes(visible=False, scaleanchor="x")
