"""What there is of each group, in the data and kept, with the bounds that quotas set: bars, one group under another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.session.steering import Share
from pages.parts.figures import ACCENT, MUTED, PINK, SELECTED
from pages.parts.text import cut, escape

MOST = 14  # groups without a bound that are drawn
ROW, AROUND = 34, 110  # pixels of a group, and of what stands around all of them
LONGEST = 34  # characters of a group's name beside its bars


def shares_figure(found: Sequence[Share], named: Mapping[str, str], unit: str) -> tuple[go.Figure, int]:
    """The bars, and how many groups are left out: the smallest of those without a bound."""
    largest = {share.group for share in found[:MOST]}
    shown = [s for s in found if s.group in largest or s.least is not None or s.most is not None]
    names = [escape(cut(named.get(share.group, share.group), LONGEST)) for share in shown]
    places = list(range(len(shown)))
    figure = go.Figure()
    for title, of, values, colour in (
        ("in the data", "in the data", [share.in_data for share in shown], MUTED),
        ("kept", "kept, of the budget", [share.of_budget for share in shown], SELECTED),
    ):
        counts = [share.samples if colour == MUTED else share.kept for share in shown]
        figure.add_bar(
            y=places, x=values, name=title, orientation="h", marker_color=colour, hovertext=names, customdata=counts,
            hovertemplate=f"%{{hovertext}}<br>{of}: %{{x:.1%}}, %{{customdata:,}} samples<extra></extra>",
        )  # fmt: skip
    for title, bounds, colour in (
        ("at least", [share.least for share in shown], ACCENT),
        ("at most", [share.most for share in shown], PINK),
    ):
        at = [i for i, bound in enumerate(bounds) if bound is not None]
        if at:
            figure.add_scatter(
                y=at, x=[bounds[i] for i in at], name=title, mode="markers", hovertext=[names[i] for i in at],
                marker={"symbol": "line-ns-open", "size": 22, "color": colour, "line": {"width": 3}},
                hovertemplate=f"%{{hovertext}}<br>{title} %{{x:.1%}} of the budget<extra></extra>",
            )  # fmt: skip
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", automargin=True)
    figure.update_xaxes(tickformat=".0%", title={"text": f"share of the {unit}", "standoff": 12}, rangemode="tozero")
    figure.update_layout(barmode="group", bargap=0.3, height=AROUND + ROW * len(shown))
    return figure, len(found) - len(shown)
