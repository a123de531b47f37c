"""The figures of the page Longest response."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go

from core.schema import KINDS
from core.session.session import by_method
from core.studies.beyond_length import Beyond
from core.studies.growth import Growth
from core.studies.length import ThetaCorrelation
from core.studies.length_features import Decomposition
from pages.parts import figures
from pages.parts.figures import ACCENT, COLOURS, GREEN, GREY, MUTED, PALETTE, PINK, SELECTED, thinned
from pages.parts.text import cut, escape
from pages.parts.view import View

SHOWN = 10_000  # points of the scatter, of each colour
ORANGE, SKY, TEAL, YELLOW, _, RED, ROSE = PALETTE
KIND_COLOURS = {"topic": SELECTED} | dict(
    zip(KINDS, (GREY, YELLOW, SKY, ROSE, RED, ORANGE, SELECTED, TEAL), strict=True)
)


def signed(r: float) -> str:
    """r with two decimals and a real minus sign."""
    return f"{r:.2f}".replace("-", "−")


def scatter(values: np.ndarray, counts: np.ndarray, picks: np.ndarray, title: str) -> go.Figure:
    """A column against active features, the picks in colour; a random part of them where there are too many."""
    kept, rng, figure = np.zeros(len(values), bool), np.random.default_rng(0), go.Figure()
    kept[picks] = True
    for name, mask, colour in (("left out", ~kept, MUTED), ("kept", kept, SELECTED)):
        rows = np.sort(rng.permutation(np.flatnonzero(mask))[:SHOWN])
        figure.add_scattergl(
            x=values[rows], y=counts[rows], mode="markers", name=name, customdata=rows,
            marker={"color": colour, "size": 5, "opacity": 0.55},
            hovertemplate="row %{customdata}: %{x:,} " + escape(title) + ", %{y:,} features<extra>" + name + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(title=escape(title))
    figure.update_yaxes(title="active features")
    return figure


def theta_figure(rows: list[ThetaCorrelation], theta: float) -> go.Figure:
    """r against the share of values that θ leaves out."""
    x = [100 * row.quantile for row in rows]
    figure = go.Figure([
        figures.line("Pearson r", x, [row.pearson for row in rows], SELECTED),
        figures.line("Spearman r", x, [row.spearman for row in rows], ACCENT),
    ])  # fmt: skip
    chosen = [q for q, row in zip(x, rows, strict=True) if row.theta == theta]
    if chosen:
        figure.add_vline(x=chosen[0], line={"color": PINK})
    figure.update_xaxes(title="share of the values that θ leaves out, %")
    figure.update_yaxes(title="r")
    return figure


def share_curve(found: Decomposition) -> go.Figure:
    """Cumulative share of the covariance over the features, largest share first."""
    rising = 100 * np.cumsum(found.share[found.order])
    at = np.unique(np.geomspace(1, len(rising), 400).round().astype(int)) - 1
    figure = go.Figure(figures.line("share", at + 1, rising[at], SELECTED))
    figure.add_vline(x=found.half, line={"color": PINK})
    figure.add_hline(y=50, line={"color": MUTED, "dash": "dot"})
    figure.update_xaxes(title="features, the largest share first", type="log", dtick=1)
    figure.update_yaxes(title="share of the covariance, %")
    return figure.update_layout(showlegend=False)


def share_bars(found: Decomposition, kinds: list[str], label: Callable[[int], str], most: int = 25) -> go.Figure:
    """The features with the largest shares, coloured by kind."""
    features, figure = found.order[:most], go.Figure()
    names = [escape(f"{cut(label(f), 24)} · {f}") for f in features]
    for kind in (kind for kind in KIND_COLOURS if kind in kinds):
        own = [i for i in range(len(features)) if kinds[i] == kind]
        figure.add_bar(
            x=[100 * found.share[features[i]] for i in own], y=[names[i] for i in own], orientation="h", name=kind,
            marker_color=KIND_COLOURS[kind], hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure.update_xaxes(title="share of the covariance, %")
    return figure


def growth_figure(curves: list[Growth]) -> go.Figure:
    """Mean features met against tokens read, with the fitted curves dotted; both axes logarithmic."""
    figure = go.Figure()
    for curve, colour in zip(curves, (SELECTED, ACCENT, GREEN, PINK), strict=False):
        t, name = np.arange(1, len(curve.features) + 1), escape(cut(curve.source, 40))
        figure.add_trace(figures.line(name, t, curve.features, colour))
        fitted = f"{curve.K:.2g} · t^{curve.beta:.2f}"
        figure.add_trace(figures.line(fitted, t, curve.K * t**curve.beta, colour, dash="dot", width=1.5))
    figure.update_xaxes(title="tokens of the response read", type="log", dtick=1)
    figure.update_yaxes(title="features whose peak is passed", type="log", dtick=1)
    return figure


def curves_figure(now: View, by_tokens: bool, mark: int) -> go.Figure:
    """Features covered against samples, or against tokens, for the three orders of all samples."""
    session, figure = now.session, go.Figure()
    everything = session.full(now.spec)
    for method in COLOURS:
        task = by_method(everything, method)
        order = session.order(task)
        x = np.cumsum(session.info.tokens[order.rows]) if by_tokens else np.arange(1, len(order.rows) + 1)
        at = thinned(len(order.rows))
        figure.add_trace(figures.line(method, x[at], order.covered_after[at], COLOURS[method]))
    figure.add_vline(x=mark, line={"color": PINK})
    figure.update_xaxes(title="tokens to train on" if by_tokens else "samples")
    figure.update_yaxes(title="features covered")
    return figure


def beyond_figure(lines: list[Beyond]) -> go.Figure:
    """Features covered against mean tokens, a point for each way to select."""
    figure = go.Figure(
        go.Scatter(
            x=[line.mean_tokens for line in lines], y=[line.covered for line in lines], mode="markers+text",
            text=[line.name for line in lines],
            textposition=["bottom center" if "relative" in line.name else "top center" for line in lines],
            customdata=[signed(line.r) for line in lines],
            marker={"size": 14, "color": [COLOURS.get(line.name, GREEN) for line in lines]},
            hovertemplate="%{text}: %{y:,} features, %{x:.0f} tokens per sample, r = %{customdata}<extra></extra>",
        )
    )  # fmt: skip
    low, high = min(x.mean_tokens for x in lines), max(x.mean_tokens for x in lines)
    room = 0.2 * (high - low) + 1
    figure.update_xaxes(title="mean tokens of the picks", range=[low - room, high + room])
    figure.update_yaxes(title="features covered")
    return figure
