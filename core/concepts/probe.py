"""Linear probes: a logistic regression that tells positive samples from negative ones, sparse or dense.

Shapes: n samples, d columns (features of a lens, or dimensions of a vector).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
    with _quietly():
        model = _search(kind, seed).fit(x, positive).best_estimator_
    return Line(model.coef_[0].astype(np.float64), float(model.intercept_[0]))


def held_out(kind: str, x: Any, positive: np.ndarray, seed: int) -> np.ndarray:
    """The score of each sample by a probe that was learnt without its fold, in [0, 1]: float64 (n,)."""
    from sklearn.model_selection import cross_val_predict

    with _quietly():
        folds = _folds(FOLDS, seed)
        return cross_val_predict(_search(kind, seed), x, positive, cv=folds, method="predict_proba")[:, 1]


def _search(kind: str, seed: int) -> Any:
    """The logistic regression of a kind, which finds its strength when it is fitted."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    one = KINDS[kind]
    # liblinear penalises the intercept too, unless it is scaled up: then its share of the penalty is nothing
    model = LogisticRegression(l1_ratio=one.l1, solver=one.solver, class_weight="balanced",
                               intercept_scaling=INTERCEPT, random_state=seed, max_iter=300)  # fmt: skip
    return GridSearchCV(model, {"C": one.strengths}, scoring=_likelihood, cv=_folds(INNER, seed))


def _folds(n: int, seed: int) -> Any:
    """Folds each with its share of both labels."""
    from sklearn.model_selection import StratifiedKFold

    return StratifiedKFold(n, shuffle=True, random_state=seed)


def _likelihood(model: Any, x: Any, positive: np.ndarray) -> float:
    """Minus the cross-entropy in nats, both sides weighing the same."""
    from sklearn.metrics import log_loss
    from sklearn.utils.class_weight import compute_sample_weight

    weight = compute_sample_weight("balanced", positive)
    return -log_loss(positive, model.predict_proba(x), sample_weight=weight)


@contextmanager
def _quietly() -> Iterator[None]:
    """Fit in one thread, as so small a fit takes ten times as long where threads wait for each other, and without a
    warning of the last step of a long way down, which is good enough.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
