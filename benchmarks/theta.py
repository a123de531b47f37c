"""The table and the plot behind the default θ: python -m benchmarks.theta STORE [PLOT.svg]"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.drawing import LEFT, RIGHT, WIDTH, Drawing
from core.matrix.statistics import length_effect
from core.matrix.threshold import ThetaRow, chosen_theta, theta_table
from core.session.session import open_session
from core.store.meta import data_named

HEIGHT, TOP = 360, 30
CURVES = (
    ("at_hundredth", "1 % of the samples", "#E69F00"),
    ("at_twentieth", "5 %", "#1F88CC"),
    ("at_tenth", "10 %", "#009E73"),
)


def plot(table: list[ThetaRow], chosen: float, title: str) -> str:
    """An SVG: share of the coverable features that greedy covers with a part of the samples, against the quantile."""
    x = {row.quantile: LEFT + i * (WIDTH - LEFT - RIGHT) / (len(table) - 1) for i, row in enumerate(table)}
    drawing, right = Drawing(HEIGHT), WIDTH - RIGHT

    def y(share: float) -> float:
        return TOP + (1 - max(share, 0.2)) / 0.8 * (HEIGHT - TOP - 50)  # from 20 % to 100 %

    drawing.text(LEFT, 18, title, font_weight="bold")
    for share in (0.2, 0.4, 0.6, 0.8, 0.9, 1.0):
        dashed = {"stroke_dasharray": "5 4"} if share == 0.9 else {}
        drawing.line(LEFT, y(share), right, y(share), stroke="#bbb", **dashed)
        drawing.text(LEFT - 8, y(share) + 4, f"{share:.0%}", text_anchor="end")
    for quantile, at in x.items():
        drawing.text(at, HEIGHT - 28, f"{quantile:.3g}", text_anchor="middle", font_size="10")
    for at in (x[row.quantile] for row in table if row.theta == chosen):
        drawing.line(at, TOP, at, HEIGHT - 44, stroke="#CC79A7", stroke_width="2")
    for i, (name, label, colour) in enumerate(CURVES):
        drawing.curve([(x[row.quantile], y(getattr(row, name))) for row in table], colour)
        drawing.text(LEFT + 10 + 150 * i, HEIGHT - 58, label, fill=colour)
    drawing.text(WIDTH / 2, HEIGHT - 8, "quantile of the positive values", text_anchor="middle")
    return drawing.svg()


def main(store: Path, target: Path | None = None) -> None:
    """Print the table of a store; draw it."""
    session = open_session(store)
    table = theta_table(session.raw_matrix("all"))
    theta = chosen_theta(table)
    tokens = session.info.prompt_tokens + session.info.response_tokens
    shown = Table("quantile", "θ", "active a sample", "coverable", "at 1 %", "at 5 %", "at 10 %", "r")
    for row in table:
        effect = length_effect(session.matrix("all", row.theta), tokens)
        mark = " ←" if row.theta == theta else ""
        shares = (f"{row.at_hundredth:.1%}", f"{row.at_twentieth:.1%}", f"{row.at_tenth:.1%}")
        figures = (f"{row.theta:.2f}", f"{row.mean_active:,.0f}", f"{row.coverable:,}")
        shown.add_row(f"{row.quantile:g}{mark}", *figures, *shares, f"{effect.pearson:.3f}")
    Console(width=110).print(shown)
    if target:
        name = data_named(session.store.meta)
        target.write_text(plot(table, theta, f"Greedy coverage of {name}, by threshold"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
