"""The area under the ROC curve, with an interval that stays honest where few samples are told apart without a fault."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Z = 1.959963984540054  # of a 95 % interval


class Auc(NamedTuple):
    """How often a positive sample scores above a negative one, from 0 to 1, ties half; and its 95 % interval."""

    value: float
    low: float
    high: float


def auc(score: np.ndarray, positive: np.ndarray) -> Auc:
    """The AUC of scores float (n,) for labels bool (n,).

    The interval is Newcombe's method 5 (Statistics in Medicine 25, 2006, 559–573): DeLong's has no width at 1. It knows
    how few samples were scored, not what another training would give.
    """
    from sklearn.metrics import roc_auc_score

    m, n = int(positive.sum()), int((~positive).sum())
    value = float(roc_auc_score(positive, score))
    return Auc(value, _bound(value, 0.0, m, n), _bound(value, 1.0, m, n))


def _bound(value: float, end: float, m: int, n: int) -> float:
    """The θ between `value` and `end` that lies Z of its own standard errors from `value`, by bisection."""
    inside, outside = value, end
    for _ in range(60):
        middle = (inside + outside) / 2
        if abs(value - middle) <= Z * np.sqrt(variance(middle, m, n)):
            inside = middle
        else:
            outside = middle
    return (inside + outside) / 2


def variance(theta: float, m: int, n: int) -> float:
    """The variance of the AUC of m positive and n negative samples where it is θ, after Hanley and McNeil (1982), with
    both numbers in the numerator at their mean.
    """
    mean = (m + n) / 2 - 1
    return theta * (1 - theta) * (1 + mean * (1 - theta) / (2 - theta) + mean * theta / (1 + theta)) / (m * n)
