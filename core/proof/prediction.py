"""What a selection would teach, told before training: how the features of its answers differ from those of the model's
own. Arrays only.

The difference of mean activations between training answers and a model's own answers to the same prompts is said to
predict how fine-tuning on them moves the model (projection difference, arXiv 2507.21509). Here it is put to the test
feature by feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import ENDS, pearson, spearman

DRAWS = 500  # resamples of the prompts behind an interval


@dataclass(frozen=True)
class Shift:
    """How much stronger each feature is in one group of answers than in another, to the same prompts.

    delta float64 (F,): the mean difference; d: that over the standard deviation of the differences (Cohen's d_z); z:
    that over its standard error; both 0 where the differences do not vary. steady bool (F,): of one sign in either half
    of the prompts.
    """

    delta: np.ndarray
    d: np.ndarray
    z: np.ndarray
    steady: np.ndarray


def shift(one: np.ndarray, other: np.ndarray) -> Shift:
    """The shift from `other` to `one`, float (n, F) each, n ≥ 2, row by row answers to the same prompt.

    The halves are the prompts at even places and those at odd ones.
    """
    differences = np.asarray(one, np.float64) - other
    delta, spread = differences.mean(0), differences.std(0, ddof=1)
    d = np.divide(delta, spread, out=np.zeros_like(delta), where=spread > 0)
    halves = np.sign([differences[::2].mean(0), differences[1::2].mean(0)])
    return Shift(delta, d, d * np.sqrt(len(differences)), (halves[0] == halves[1]) & (halves[0] != 0))


def by_length(values: np.ndarray, tokens: np.ndarray, change: float) -> np.ndarray:
    """By how much each feature would shift if only length did: float64 (F,).

    The slope of least squares of `values` float (n, F) over the logarithm of the answers' `tokens` int (n,) ≥ 1, times
    `change` in that logarithm; zeros where all are equally long.
    """
    x = np.log(tokens) - np.log(tokens).mean()
    size = float(x @ x)
    return change * (x @ np.asarray(values, np.float64)) / size if size else np.zeros(values.shape[1])


@dataclass(frozen=True)
class Agreement:
    """How well a prediction fits the outcome over the features: Spearman's ρ, and R² of the straight line through both.

    lead: the ρ of the prediction that is put to the test less this one's, low to high its 95 % interval over other
    prompts (percentile bootstrap); NaN for the former itself.
    """

    spearman: float
    r2: float
    lead: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


def agreement(prediction: np.ndarray, outcome: np.ndarray) -> Agreement:
    """The fit of two shifts, float64 (F,) each; NaN where one of them does not vary."""
    return Agreement(spearman(prediction, outcome), pearson(prediction, outcome) ** 2)


def agreements(
    own: np.ndarray, rivals: Mapping[str, np.ndarray], after: np.ndarray, seed: int = 0, draws: int = DRAWS
) -> tuple[Agreement, dict[str, Agreement]]:
    """The fit of a prediction and of its rivals to the outcome, and by how much it leads each of them.

    own float64 (n, F): the differences behind the prediction, prompt by prompt; after (p, F): those behind the outcome.
    A rival is such differences (m, F), or a prediction (F,) that is taken as certain.
    """
    outcome, rng = after.mean(0), np.random.default_rng(seed)
    plain = {name: agreement(np.atleast_2d(rival).mean(0), outcome) for name, rival in rivals.items()}
    best = agreement(own.mean(0), outcome)
    leads: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(draws):
        drawn = resampled(after, rng)
        first = spearman(resampled(own, rng), drawn)
        for name, rival in rivals.items():
            leads[name].append(first - spearman(rival if rival.ndim == 1 else resampled(rival, rng), drawn))
    found = {}
    for name, fit in plain.items():
        low, high = np.quantile(leads[name], ENDS)
        found[name] = Agreement(fit.spearman, fit.r2, best.spearman - fit.spearman, float(low), float(high))
    return best, found


def resampled(differences: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mean of as many rows drawn with replacement: (n, F) → (F,)."""
    n = len(differences)
    return np.bincount(rng.integers(n, size=n), minlength=n) @ differences / n


def predicts(rivals: Mapping[str, Agreement]) -> bool:
    """Whether a prediction is better than every rival, by more than its choice of prompts explains."""
    return bool(rivals) and all(rival.low > 0 for rival in rivals.values())
