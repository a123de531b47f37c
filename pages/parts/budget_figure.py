"""The curve of the page Budget: what is covered against the budget, and where a click sets it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from core.explain.advice import Advice
from core.session.budgets import RANDOM, Curve, curve, random_band, random_needed
from core.session.session import by_method
from pages.parts.figures import COLOURS, GREEN, MUTED, PINK, line
from pages.parts.later import later
from pages.parts.view import View

Band = tuple[np.ndarray, np.ndarray, np.ndarray]  # lowest, median and highest coverage
BAND = "rgba(154,165,177,.35)"
BESIDE = ("longest-response", "sae-greedy")  # drawn with the view's method
POINTS = 400  # where a click is heard: about one every two pixels


def curves(now: View) -> dict[str, Curve]:
    """By method, the view's last: what their first picks take of the budget, and cover."""
    methods = dict.fromkeys([*(m for m in BESIDE if m != now.spec.method), now.spec.method])
    return {method: curve(now.session, by_method(now.spec, method)) for method in methods}


def needed_at_random(now: View) -> int | None:
    """The budget with which random draws cover as much as the selection; None while they are drawn."""
    key, covered = ("random needed", repr(now.spec)), int(now.selection.covered_after[-1])
    return later(now.session, key, lambda: random_needed(now.session, now.spec, covered), "Random samples are drawn")


def places(now: View, log: bool) -> np.ndarray:
    """The budgets that are drawn: int64 (M,), ascending."""
    most = now.session.total(now.spec.unit)
    return np.unique((np.geomspace if log else np.linspace)(1, most, POINTS).round().astype(np.int64))


def band_of(now: View, at: np.ndarray) -> Band | None:
    """What random draws cover with each of the budgets `at`; None while they are drawn."""
    key = ("band", repr(now.spec), hash(at.tobytes()))
    return later(now.session, key, lambda: random_band(now.session, now.spec, at), "Random samples are drawn")


def budget_figure(
    now: View, found: Mapping[str, Curve], advised: Advice, log: bool, at: np.ndarray, band: Band | None
) -> go.Figure:
    """What is covered against the budget by the methods and, once they are drawn, by random samples, with the marks of
    the advice.

    A click on its last trace, which is not seen, tells the budget under it.
    """
    figure = go.Figure()
    heights = {name: own.at(at[at <= own.spent[-1]]) for name, own in found.items() if name != "random"}
    if band is not None:
        heights[RANDOM] = add_band(figure, at, band)
    for name, height in heights.items():
        style = {"dash": "dot"} if name == RANDOM else {}
        colour = MUTED if name == RANDOM else COLOURS.get(name, GREEN)
        figure.add_trace(line(name, at[: len(height)], height, colour, **style).update(hoverinfo="skip"))
    add_marks(figure, now, found[now.spec.method], advised)
    add_clicks(figure, at, heights, now.spec.unit)
    spent = len(now.selection.rows) if now.spec.unit == "samples" else now.spec.budget
    figure.add_vline(x=spent, line={"color": PINK, "width": 2})
    # on a logarithmic axis Plotly takes lines by their value, but text by its logarithm
    figure.add_annotation(x=np.log10(max(spent, 1)) if log else spent, y=1, yref="paper", text=f"{spent:,}",
                          showarrow=False, xanchor="left", xshift=4)  # fmt: skip
    figure.update_xaxes(title=now.spec.unit, **({"type": "log"} if log else {"rangemode": "tozero"}))
    figure.update_yaxes(title=f"{now.noun}s covered", rangemode="tozero")
    return figure.update_layout(hovermode="x", hoverdistance=-1)


def add_band(figure: go.Figure, at: np.ndarray, band: Band) -> np.ndarray:
    """What random draws cover with each of the budgets `at`, from the lowest to the highest; gives the median."""
    low, middle, high = band
    figure.add_scatter(
        x=np.concatenate([at, at[::-1]]), y=np.concatenate([low, high[::-1]]), fill="toself", mode="lines",
        line={"width": 0}, fillcolor=BAND, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    return middle


def add_marks(figure: go.Figure, now: View, own: Curve, advised: Advice) -> None:
    """Where the view's curve flattens (its knee), and where it reaches its milestones."""
    marks = {f"{share:.0%}": budget for share, budget in advised.milestones.items()} | {"flattens": advised.knee}
    x = np.array(list(marks.values()))
    figure.add_scatter(
        x=x, y=own.at(x), text=list(marks), mode="markers+text", textposition="bottom right", hoverinfo="skip",
        marker={"color": PINK, "size": 9, "symbol": ["circle"] * len(advised.milestones) + ["diamond"]},
        unselected={"marker": {"opacity": 1}}, showlegend=False,
    )  # fmt: skip


def add_clicks(figure: go.Figure, at: np.ndarray, heights: Mapping[str, np.ndarray], unit: str) -> None:
    """Points that are not seen, which tell what stands at a budget, and hear the click that sets it."""
    told = ["".join(f"<br>{name}: {h[i]:,.0f}" for name, h in heights.items() if i < len(h)) for i in range(len(at))]
    invisible, y = {"marker": {"opacity": 0}}, np.resize(next(iter(heights.values())), len(at))
    figure.add_scatter(
        x=at, y=y, mode="markers", marker={"opacity": 0, "size": 12}, text=told,
        selected=invisible, unselected=invisible, showlegend=False,
        hovertemplate=f"%{{x:,}} {unit}%{{text}}<br><i>click sets the budget</i><extra></extra>",
    )  # fmt: skip
