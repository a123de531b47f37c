"""Line plots as SVG for the docs: small, without a browser, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

WIDTH, LEFT, RIGHT = 640, 70, 30


@dataclass
class Drawing:
    """An SVG of WIDTH × height that is drawn from the parts in their order; x and y are pixels from the upper left."""

    height: int
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, **style: str) -> None:
        """Words at (x, y); style: SVG attributes, an underscore for a hyphen."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{_attributes(style)}>{words}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, **style: str) -> None:
        """A straight line."""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{_attributes(style)}/>')

    def curve(self, points: Iterable[tuple[float, float]], colour: str, dots: bool = False) -> None:
        """A broken line through the points, with a dot at each if wanted."""
        points = list(points)
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        if dots:
            self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]

    def svg(self) -> str:
        """The drawing as a file's text."""
        style = 'font-family="sans-serif" font-size="12"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" {style}>'
            f'<rect width="100%" height="100%" fill="white"/>{"".join(self.parts)}</svg>\n'
        )


def _attributes(style: dict[str, str]) -> str:
    return "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
