"""What is said of a concept: how far its scores can be trusted, and where the samples lie."""

from __future__ import annotations

import numpy as np

from core.scoring.taught import Taught

WELL, FAIR = 0.9, 0.7  # the least that the AUC may be, by its interval
BINS = 20  # of the histogram


def reliable(taught: Taught) -> bool:
    """Whether decisions can rest on its scores at all: the AUC of the probe that gives them is surely above FAIR."""
    return taught.auc[taught.by][1] >= FAIR


def verdict(taught: Taught) -> str:
    """How well the scores tell examples from counterexamples, in one sentence."""
    if taught.auc[taught.by][1] >= WELL:
        return "Its scores tell examples from counterexamples well."
    if reliable(taught):
        return (
            "Its scores tell most examples from counterexamples: read the samples at the threshold before you decide."
        )
    return "Nothing reliable was found: do not decide by these scores. More examples, or clearer ones, may help."


def reason(name: str, threshold: float) -> str:
    """What a decision by a concept is called: in the history, and on the card of an export."""
    return f"concept {name} ≥ {threshold:.2f}"


def histogram(score: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Edges float64 (bins + 1,) of equal parts of [0, 1], and how many of the scores float (N,) lie in each, int64."""
    counts, edges = np.histogram(score, bins, (0, 1))
    return edges, counts


def at_threshold(score: np.ndarray, threshold: float, most: int) -> np.ndarray:
    """The samples nearest to a threshold, at most `most` on either side, the highest score first: int64 rows."""
    order = np.argsort(-score, kind="stable")
    above = int((score >= threshold).sum())
    return order[max(above - most, 0) : above + most]
