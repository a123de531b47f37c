"""The figures of the page Proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from core.proof.results import Result
from core.proof.view import COSTS, lines, mark
from core.session import variants
from pages.parts.figures import ACCENT, COLOURS, GREEN, MUTED, PINK, SELECTED
from pages.parts.text import escape

# What is left of Okabe and Ito's colours, others, the pale yellow last; beyond them symbols alone tell methods apart.
FURTHER = (GREEN, PINK, "#D55E00", "#56B4E9", "#9467BD", "#8C6D31", "#17BECF", "#BCBD22", "#F0E442")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "pentagon", "hexagram")
LINE = 36  # characters of a bar's label
WIDE = 8  # times the smallest cost from which on a logarithmic axis shows more


def identity(result: Result) -> str:
    """What tells a point of the figure from the others."""
    return f"{result.method}@{result.budget}"


def colours(methods: Sequence[str]) -> dict[str, str]:
    """A colour for each method: its own where it has one on other pages."""
    free = iter(FURTHER)
    return {m: COLOURS.get(m) or next(free, MUTED) for m in methods}


def loss_figure(results: Sequence[Result], cost: str, unit: str) -> go.Figure:
    """Held-out loss over the cost of the training, a line for each method through its budgets."""
    figure, found = go.Figure(), lines(results, cost)
    for i, (method, colour) in enumerate(colours(list(found)).items()):
        figure.add_trace(method_line(found[method], cost, unit, colour, SYMBOLS[i % len(SYMBOLS)]))
    full, base = mark(results, "full"), mark(results, "base")
    if full:
        star = method_line([full], cost, unit, PINK, "star")
        figure.add_trace(star.update(marker_size=16, mode="markers"))
    for result, dash in ((base, "dot"), (full, "dash")):
        if result:
            figure.add_hline(
                y=result.loss, line={"color": MUTED, "dash": dash, "width": 1.5},
                annotation_text=f"{result.method} {result.loss:.3f}", annotation_position="top left",
            )  # fmt: skip
    costs = [getattr(r, COSTS[cost]) for own in (*found.values(), [full] if full else []) for r in own]
    wide = bool(costs) and min(costs) > 0 and max(costs) > WIDE * min(costs)
    figure.update_xaxes(title=f"training cost: {cost}", tickformat="~s")
    if wide:
        figure.update_xaxes(type="log", dtick="D2")  # ticks at 1, 2 and 5
    figure.update_yaxes(title="held-out loss, nats per token")
    return figure.update_layout(clickmode="event+select", dragmode="pan")


def method_line(own: Sequence[Result], cost: str, unit: str, colour: str, symbol: str) -> go.Scatter:
    """One method's results, from the cheapest to the dearest."""
    return go.Scatter(
        x=[getattr(r, COSTS[cost]) for r in own], y=[r.loss for r in own], name=escape(variants.told(own[0].method)),
        mode="lines+markers", line={"color": colour, "width": 2.5}, marker={"size": 10, "symbol": symbol},
        error_y={"array": np.nan_to_num([r.spread for r in own]).tolist(), "thickness": 1.2, "color": colour},
        customdata=[identity(r) for r in own], text=[told(r, unit) for r in own],
        hovertemplate="%{text}<extra></extra>", selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip


def mixture_figure(found: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """A bar for each method: which share of its picks comes from which source."""
    names = list(next(iter(found.values())))
    palette = (SELECTED, ACCENT, *FURTHER)
    bars = [
        go.Bar(
            y=[in_lines(label) for label in found], x=[part[name] for part in found.values()], orientation="h",
            name=escape(name or "(no source)"), marker_color=palette[i % len(palette)],
            hovertemplate="%{y}: %{x:.1%} from %{fullData.name}<extra></extra>",
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    figure = go.Figure(bars).update_layout(barmode="stack", legend={"traceorder": "normal"})
    figure.update_xaxes(title="share of the picks", tickformat=".0%", range=[0, 1])
    return figure.update_yaxes(autorange="reversed")


def in_lines(label: str) -> str:
    """A label of a bar, in lines that leave the bar room on a phone."""
    return "<br>".join(map(escape, wrap(label, LINE)))


def told(r: Result, unit: str) -> str:
    """A point's hover text."""
    budget = f" · {r.budget:,} {unit}" if r.budget else ""
    parts = [
        f"<b>{escape(variants.told(r.method))}</b>{budget} · {r.seeds:,} seed{'s' if r.seeds != 1 else ''}",
        f"loss {r.loss:.4f}" + (f" ± {r.spread:.4f} over the seeds" if np.isfinite(r.spread) else ""),
        f"{r.samples:,.0f} samples, {r.trained_tokens:,.0f} trained of {r.tokens:,.0f} tokens, {r.seconds:,.0f} s",
    ]
    if np.isfinite(r.better):
        interval = f" (95 %: {r.low:.4f} to {r.high:.4f})" if np.isfinite(r.low) else ""
        parts.append(f"better than random by {r.better:.4f}{interval}")
    return "<br>".join(parts)


def by_identity(results: Sequence[Result]) -> Mapping[str, Result]:
    """The results by what a click on their point gives."""
    return {identity(r): r for r in results}
