"""The table and the plot behind the default θ: python -m benchmarks.theta STORE [PLOT.svg]"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.matrix.statistics import length_effect
from core.matrix.threshold import ThetaRow, chosen_theta, theta_table
from core.session.session import open_session

WIDTH, HEIGHT, LEFT, TOP = 640, 360, 60, 30
CURVES = (
    ("at_hundredth", "1 % of the samples", "#E69F00"),
    ("at_twentieth", "5 %", "#1F88CC"),
    ("at_tenth", "10 %", "#009E73"),
)


def plot(table: list[ThetaRow], chosen: float, title: str) -> str:
    """An SVG: share of the coverable features that greedy covers with a part of the samples, against the quantile."""
    x = {row.quantile: LEFT + i * (WIDTH - LEFT - 30) / (len(table) - 1) for i, row in enumerate(table)}

    def y(share: float) -> float:
        return TOP + (1 - share) / 0.8 * (HEIGHT - TOP - 50)  # from 20 % to 100 %

    parts = [f'<text x="{LEFT}" y="18" font-weight="bold">{title}</text>']
    for share in (0.2, 0.4, 0.6, 0.8, 0.9, 1.0):
        dash = ' stroke-dasharray="5 4"' if share == 0.9 else ""
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 30}" y1="{y(share)}" y2="{y(share)}" stroke="#bbb"{dash}/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(share) + 4}" text-anchor="end">{share:.0%}</text>')
    for quantile, at in x.items():
        parts.append(f'<text x="{at}" y="{HEIGHT - 28}" text-anchor="middle" font-size="10">{quantile:.3g}</text>')
    for row in table:
        if row.theta == chosen:
            at = x[row.quantile]
            parts.append(f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - 44}" stroke="#CC79A7" stroke-width="2"/>')
    for i, (name, label, colour) in enumerate(CURVES):
        points = " ".join(f"{x[r.quantile]:.1f},{y(max(getattr(r, name), 0.2)):.1f}" for r in table)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<text x="{LEFT + 10 + 150 * i}" y="{HEIGHT - 58}" fill="{colour}">{label}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">quantile of the positive values</text>')
    style = 'font-family="sans-serif" font-size="12"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {style}>'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


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
        name = Path(session.store.meta["config"]["data"]).name
        target.write_text(plot(table, theta, f"Greedy coverage of {name}, by threshold"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
