"""How sure a difference of losses is: an interval that holds 95 % of the time, and p values for a whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEVEL = 0.05  # of the intervals, and of a whole table after Holm's correction
UNKNOWN = float("nan")


@dataclass(frozen=True)
class Difference:
    """By how much one loss is lower than another, in nats, the ends of its 95 % interval, and the two-sided p value of
    no difference; all but the value NaN where it cannot be known how sure it is.
    """

    value: float
    low: float = UNKNOWN
    high: float = UNKNOWN
    p: float = UNKNOWN


def difference(own: np.ndarray, other: np.ndarray, source: np.ndarray) -> Difference:
    """How much lower the losses `own` float64 (S, H) of S models are than `other` (R, H), by macro mean over sources.

    Another choice could have been made of the models in either group, and of the held-out samples in each source, on
    which the comparison is paired. Each has its variance of a mean, s² / n; Student's t for their sum has the degrees
    of freedom of Satterthwaite (1946), as in Welch's test. What one model makes of one sample is in both variances, so
    that the interval is a little too wide where that is most of it. Unknown with one model in a group or one value in
    a source: nothing tells how much another would differ.
    """
    from scipy.stats import t

    gain = other.mean(0) - own.mean(0)
    parts = known_parts(gain, source)
    value, groups = macro_mean(gain, source), [model_means(own, parts), model_means(other, parts)]
    if not parts or min(map(len, [*parts, *groups])) < 2:
        return Difference(value)
    values = [*groups, *(gain[part] / len(parts) for part in parts)]
    variance = np.array([v.var(ddof=1) / len(v) for v in values])
    total, free = variance.sum(), np.array([len(v) - 1 for v in values])
    if total == 0:
        return Difference(value, value, value, float(value == 0))
    df, error = total**2 / (variance**2 / free).sum(), np.sqrt(total)
    half = t.ppf(1 - LEVEL / 2, df) * error
    return Difference(value, float(value - half), float(value + half), float(2 * t.sf(abs(value) / error, df)))


def model_means(losses: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """The macro mean of each model's `losses` float64 (S, H) over the places `parts` of the sources: float64 (S,)."""
    return np.mean([losses[:, part].mean(1) for part in parts], axis=0) if parts else np.full(len(losses), UNKNOWN)


def macro_mean(values: np.ndarray, source: np.ndarray) -> float:
    """The mean over the sources of each one's mean, NaN left out: a large source counts no more than a small one."""
    return float(np.mean([values[part].mean() for part in known_parts(values, source)] or [np.nan]))


def known_parts(values: np.ndarray, source: np.ndarray) -> list[np.ndarray]:
    """The places, int64, of each source's values that are not NaN; sources without any are left out."""
    parts = [np.flatnonzero((source == name) & np.isfinite(values)) for name in sorted(set(source))]
    return [part for part in parts if len(part)]


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """p values corrected for their number (Holm 1979): float64 like `p`; NaN stays NaN and does not count.

    If those up to LEVEL are called differences, the chance that any of them is none is at most LEVEL.
    """
    p = np.asarray(p, np.float64)
    out, order = np.full(len(p), np.nan), np.argsort(p, kind="stable")
    order = order[np.isfinite(p[order])]
    steps = p[order] * np.arange(len(order), 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1) if len(order) else steps
    return out
