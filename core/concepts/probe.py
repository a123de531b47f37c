"""Linear probes: a logistic regression that tells positive samples from negative ones, sparse or dense.

Shapes: n samples, d columns (features of a lens, or dimensions of a vector).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

FOLDS, INNER = 5, 3  # of the cross-validation, and of that which chooses the strength within each training part
INTERCEPT = 30.0


@dataclass(frozen=True)
class Kind:
    """A logistic regression: the share of L1 in its penalty, scikit-learn's solver, and the strengths C to choose from,
    the strongest penalty first.
    """

    l1: float
    solver: str
    strengths: tuple[float, ...]


KINDS = {
    "features": Kind(1.0, "liblinear", (0.1, 1.0, 10.0, 100.0)),  # few features, which have names
    "vectors": Kind(0.0, "lbfgs", (1e-4, 1e-3, 1e-2, 1e-1)),
}


@dataclass(frozen=True)
class Line:
    """What was learnt: weight float64 (d,) of each column, and the intercept."""

    weight: np.ndarray
    intercept: float

    def score(self, x: Any) -> np.ndarray:
        """How much like the positive samples the rows of x (n, d) are, in [0, 1]: float64 (n,)."""
        from scipy.special import expit

        return expit(np.asarray(x @ self.weight, np.float64).ravel() + self.intercept)


def learnt(kind: str, x: Any, positive: np.ndarray, seed: int) -> Line:
    """The probe of a kind in KINDS over x (n, d), sparse or dense, for labels bool (n,).

    Both sides weigh the same, however many samples they have. The strength is the one with the least loss in an inner
    cross-validation, ties to the strongest penalty.
    """
    from threadpoolctl import threadpool_limits

    strengths, folds = KINDS[kind].strengths, list(split(positive, INNER, seed))
    with threadpool_limits(1):  # so small that threads would only wait for each other: a tenth of the time
        losses = [np.mean([_loss(_fit(kind, c, x[a], positive[a], seed).score(x[b]), positive[b]) for a, b in folds])
                  for c in strengths]  # fmt: skip
        return _fit(kind, strengths[int(np.argmin(np.round(losses, 9)))], x, positive, seed)


def held_out(kind: str, x: Any, positive: np.ndarray, seed: int) -> np.ndarray:
    """The score of each sample by a probe that was learnt without its fold, in [0, 1]: float64 (n,)."""
    score = np.empty(len(positive))
    for train, test in split(positive, FOLDS, seed):
        score[test] = learnt(kind, x[train], positive[train], seed).score(x[test])
    return score


def split(positive: np.ndarray, folds: int, seed: int) -> Any:
    """(rows to learn from, rows to score), int64 each, so many times, each with its share of both labels (n,)."""
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(positive)), positive)


def _fit(kind: str, strength: float, x: Any, positive: np.ndarray, seed: int) -> Line:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    one = KINDS[kind]
    # liblinear penalises the intercept too, unless it is scaled up: then its share of the penalty is nothing
    model = LogisticRegression(C=strength, l1_ratio=one.l1, solver=one.solver, class_weight="balanced",
                               intercept_scaling=INTERCEPT, random_state=seed, max_iter=300)  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last step of a long way down is good enough
        model.fit(x, positive)
    return Line(model.coef_[0].astype(np.float64), float(model.intercept_[0]))


def _loss(score: np.ndarray, positive: np.ndarray) -> float:
    """Cross-entropy in nats, both sides weighing the same."""
    right = np.maximum(np.where(positive, score, 1 - score), 1e-12)
    return -float(np.log(right[positive]).mean() + np.log(right[~positive]).mean()) / 2
