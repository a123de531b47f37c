"""What a probe is compared with: a few features of which any is enough, and a list of words.

Shapes: n texts, F features, V words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.features.function_words import FUNCTION_WORDS

MOST, WORDS, SURE = 10, 20, 1.96  # features of a rule, words of a list, standard errors from nothing


def or_rule(active: Any, positive: np.ndarray) -> list[int]:
    """Features of which any says positive: the next is the one that most raises the share of positive texts found less
    that of false alarms (Youden's J), as long as any does, at most MOST; ties to the lowest.

    active: sparse (n, F), not 0 where a text has a feature; positive bool (n,).
    """
    columns, chosen = active.tocsc().astype(bool), list[int]()
    fired = np.zeros(len(positive), bool)
    weight = np.where(positive, 1 / positive.sum(), -1 / (~positive).sum())
    for _ in range(MOST):
        gain = columns.T @ np.where(fired, 0.0, weight)  # of each feature, over those that nothing says yet
        best = int(np.argmax(np.round(gain, 12)))
        if gain[best] <= 1e-9:
            break
        chosen.append(best)
        fired |= columns[:, [best]].toarray().ravel()
    return chosen


def any_of(active: Any, features: Sequence[int]) -> np.ndarray:
    """1 for a text with any of the features, else 0: float64 (n,)."""
    return (np.asarray(active[:, list(features)].sum(1)).ravel() > 0).astype(np.float64)


def word_list(texts: Sequence[str], positive: np.ndarray) -> list[str]:
    """The words that most surely stand in more positive than negative texts: by the log odds ratio over its standard
    error, half a text added everywhere; at most WORDS, those at least SURE; function words left out.
    """
    sets = [words(text) for text in texts]
    m, n = int(positive.sum()), int((~positive).sum())
    known = sorted(set().union(*sets) - set(FUNCTION_WORDS))
    a, b = (np.array([sum(word in own for own, label in zip(sets, positive, strict=True) if label == side)
                      for word in known]) + 0.5 for side in (True, False))  # fmt: skip
    c, d = m + 1 - a, n + 1 - b
    z = np.log(a * d / (b * c)) / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return [known[i] for i in np.argsort(-z, kind="stable")[:WORDS] if z[i] >= SURE]


def words_in(texts: Sequence[str], listed: Sequence[str]) -> np.ndarray:
    """How many of the listed words each text has: float64 (n,)."""
    return np.array([len(words(text).intersection(listed)) for text in texts], np.float64)


def words(text: str) -> set[str]:
    """The words of a text, in lower case."""
    return set(re.findall(r"[\w']+", text.casefold()))
