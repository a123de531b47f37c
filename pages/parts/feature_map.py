"""The map of features by their decoder directions."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.explain.map_areas import map_areas
from core.features.kinds import meaning_first
from pages.parts.figures import MUTED, PINK, SELECTED
from pages.parts.text import cut, escape
from pages.parts.view import View

NAMED = 24  # areas, at most
# Of an area: dark on light in either colour scheme, as the points behind it are blue in both.
NAME = {"showarrow": False, "font": {"size": 11, "color": "#1B2430"}, "bgcolor": "rgba(255,255,255,.8)"}


def feature_map(now: View) -> tuple[go.Figure, int, int]:
    """The features that stand for something and are active at the view's θ, coloured by what became of them.

    Beside it how many there are, and how many of them are covered.
    """
    everything, density, credit = now.session.store.directions(), now.matrix.density(), now.ledger.credit
    told = np.isin(everything["feature_id"], meaning_first(everything["feature_id"], now.kinds)[0])
    found = {name: column[told] for name, column in everything.items()}
    features = found["feature_id"]
    active, vetoed = density[features] > 0, np.isin(features, list(now.decided.vetoes))
    covered = (credit[features] >= 0) & ~vetoed
    figure = go.Figure()
    for name, mask, colour in (
        ("not covered", active & ~covered & ~vetoed, MUTED),
        ("covered", covered, SELECTED),
        ("vetoed", vetoed, PINK),
    ):
        at = np.flatnonzero(mask)
        figure.add_scattergl(
            x=found["x"][at], y=found["y"][at], mode="markers", name=f"{name} ({len(at):,})",
            text=[escape(cut(now.label(f), 60)) for f in features[at]], customdata=features[at],
            marker={"color": colour, "size": 5, "opacity": 0.5},
            hovertemplate="feature %{customdata}: %{text}<extra>" + name + "</extra>",
        )  # fmt: skip
    times_credited = np.bincount(now.ledger.feature, minlength=len(density))
    place = np.column_stack([found["x"], found["y"]])
    for areas in now.session.remember("areas", lambda: map_areas(place, [NAMED])):
        for own in (np.flatnonzero(areas.label == area) for area in range(areas.k)):
            best = features[own][np.argmax(times_credited[features[own]])]
            x, y = place[own].mean(0)
            figure.add_annotation(x=x, y=y, text=escape(cut(now.label(best), 24)), **NAME)
    figure.update_xaxes(visible=False)
    return figure.update_yaxes(visible=False), int(active.sum()), int(covered.sum())
