"""A polygon on the map as text that an address can hold, so that a lasso is found again in any browser."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

STEPS = 1000  # from the middle of the box to its border
MOST = 200  # corners
CORNER = re.compile(r"-?\d{1,4}\.-?\d{1,4}")


def lasso_text(polygon: Sequence[Sequence[float]] | np.ndarray) -> str:
    """Corners (M, 2) in the box from −1 to 1 as text, in whole thousandths, at most MOST of them; "" for no area."""
    corners = np.asarray(polygon, np.float64).reshape(-1, 2)
    steps = np.rint(np.clip(np.nan_to_num(corners), -1, 1) * STEPS).astype(int)
    steps = steps[np.any(steps != np.roll(steps, 1, axis=0), axis=1)] if len(steps) else steps
    if len(steps) > MOST:
        steps = steps[np.linspace(0, len(steps) - 1, MOST).astype(int)]
    return "_".join(f"{x}.{y}" for x, y in steps.tolist()) if len(steps) > 2 else ""


def lasso_of(text: str) -> np.ndarray:
    """The corners of such a text, float64 (M, 2), M = 0 for a text that says none."""
    parts = text.split("_")
    if not 3 <= len(parts) <= MOST or not all(CORNER.fullmatch(part) for part in parts):
        return np.zeros((0, 2))
    return np.array([[int(step) for step in part.split(".")] for part in parts]) / STEPS
