"""The map of a data set as a small SVG: what was kept against what was left out."""

from __future__ import annotations

from html import escape

import numpy as np

WIDTH, HEIGHT, MARGIN = 800, 560, 20
KEPT, LEFT, INK = "#1F88CC", "#C3CAD2", "#3C4650"  # as on the pages, on white
STYLES = ((LEFT, 3.0), (KEPT, 5.0))  # colour and width of a dot: left out below, kept above


def map_svg(x: np.ndarray, y: np.ndarray, kept: np.ndarray, title: str) -> str:
    """An SVG of points float (N,), y upwards; kept bool (N,). Points without a place are left out.

    A dot is a line of no length with round ends, and points on one pixel are one dot: 50,000 points take about 1 MB.
    """
    known = np.isfinite(x) & np.isfinite(y)
    points, kept = np.column_stack([x, -np.asarray(y)])[known], np.asarray(kept)[known]
    at = placed(points)
    dots = [
        f'<path d="{"".join(f"M{a} {b}h0" for a, b in np.unique(at[kept == is_kept], axis=0).tolist())}" '
        f'stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" fill="none"/>'
        for is_kept, (colour, width) in enumerate(STYLES)
    ]
    told = f"{int(kept.sum()):,} kept (blue) of {len(kept):,}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 30}" role="img" '
        f'font-family="sans-serif">\n<title>{_text(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT + 30}" fill="#FFFFFF"/>\n'
        + "\n".join(dots)
        + f'\n<text x="{MARGIN}" y="{HEIGHT + 16}" font-size="14" fill="{INK}">{_text(told)}</text>\n</svg>\n'
    )


def placed(points: np.ndarray) -> np.ndarray:
    """Points float (N, 2) as pixels int64 (N, 2), as large as fits into the picture, in proportion."""
    if not len(points):
        return np.zeros((0, 2), np.int64)
    low, high = points.min(0), points.max(0)
    room = np.array([WIDTH, HEIGHT], float) - 2 * MARGIN
    wide = np.where(high > low, high - low, 1.0)
    scale = (room / wide).min()
    return np.rint((points - (low + high) / 2) * scale + np.array([WIDTH, HEIGHT]) / 2).astype(np.int64)


def _text(text: str) -> str:
    """Text as XML holds it: without control characters and half characters."""
    return escape("".join(c for c in text if c.isprintable()))
