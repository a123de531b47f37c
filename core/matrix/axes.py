"""Principal axes of vectors, for those who turn or whiten them. Arrays only."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits


def principal_axes(square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances, ascending, float64 (d,), and axes, a column each, float64 (d, d), of a covariance (d, d).

    On one thread: over hundreds of dimensions more are no quicker, and on a busy machine they wait for each other many
    times longer than they work.
    """
    with threadpool_limits(1):
        variance, axes = np.linalg.eigh(square.astype(np.float64))
    return variance, axes
