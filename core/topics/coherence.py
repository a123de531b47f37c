"""Whether a feature's strongest samples are about the same: their mutual likeness over that of random samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.matrix.postings import having, samples_with
from core.schema import FeatureMatrix

STRONGEST = 10  # samples of a feature that are compared with each other
LEAST = 20  # samples that a feature must have to be measured
DRAWS = 10  # random sets that a feature is compared with
NEAR = 50  # samples of about the same length, of which a random one is drawn


@dataclass(frozen=True)
class Coherence:
    """Of each feature that was measured: feature int64 (M,), own, random float64 (M,), mean pairwise cosines."""

    feature: np.ndarray
    own: np.ndarray
    random: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """How many times more alike a feature's strongest samples are than random ones, float64 (M,)."""
        return self.own / np.maximum(self.random, 1e-9)

    def summary(self) -> dict[str, Any]:
        """The median ratio, the share of features with a ratio above 3, and how many were measured, for a file."""
        if not len(self.feature):
            return {"coherence_features": 0}
        median, above = float(np.median(self.ratio)), float((self.ratio > 3).mean())
        return {
            "coherence_features": len(self.feature),
            "coherence_median": round(median, 2),
            "coherence_above_3": round(above, 4),
        }


def coherence(
    matrix: FeatureMatrix, texts: Sequence[str], rng: np.random.Generator, vectors: Any = None, most: int | None = None
) -> Coherence:
    """How alike a feature's ten strongest samples are, and how alike samples of the same lengths drawn at random.

    texts: of the N samples; their lengths are counted in words. vectors: float (N, D), dense or scipy's sparse, to
    compare by; `tfidf(texts)` if not given. Measured are features with at least 20 samples, `most` of them drawn at
    random. A random set has, for each of the ten, one of the 50 samples nearest to it in the order of lengths that is
    none of the ten; ten sets are drawn for a feature.
    """
    unit = _unit(tfidf(texts) if vectors is None else vectors)
    by_length = np.argsort([len(text.split()) for text in texts], kind="stable")
    place = np.argsort(by_length)
    features = np.flatnonzero(np.bincount(matrix.feature, minlength=matrix.n_features) >= LEAST)
    if most is not None and len(features) > most:
        features = np.sort(rng.choice(features, most, replace=False))
    own, random = np.zeros(len(features)), np.zeros(len(features))
    for i, feature in enumerate(features):
        top = strongest(matrix, int(feature))
        own[i] = mean_cosine(unit, top)
        random[i] = np.mean([mean_cosine(unit, _like_these(top, by_length, place, rng)) for _ in range(DRAWS)])
    return Coherence(features, own, random)


def tfidf(texts: Sequence[str]) -> Any:
    """scikit-learn's TF-IDF of words, English stop words left out: sparse float64 (N, words), rows of length 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(stop_words="english").fit_transform(texts)


def strongest(matrix: FeatureMatrix, feature: int, n: int = STRONGEST) -> np.ndarray:
    """The `n` samples in which a feature is strongest, int64, the strongest first, the lowest row among equals."""
    rows, value = having(matrix, feature, samples_with(matrix, feature))
    return rows[np.argsort(-value, kind="stable")[:n]]


def mean_cosine(unit: Any, rows: np.ndarray) -> float:
    """The mean cosine of all pairs of `rows` of `unit` (N, D), whose rows have length 1 or are zero."""
    chosen = unit[rows]
    total = np.asarray(chosen.sum(0)).ravel()
    squares = chosen.multiply(chosen).sum() if hasattr(chosen, "multiply") else (chosen * chosen).sum()
    return float((total @ total - squares) / (len(rows) * (len(rows) - 1)))  # every pair is in the square of the sum


def _unit(vectors: Any) -> Any:
    """The vectors as float64, brought to length 1; zeros stay zeros."""
    from sklearn.preprocessing import normalize

    return normalize(vectors.astype(np.float64))


def _like_these(rows: np.ndarray, by_length: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many other samples, each about as long as one of `rows`: int64."""
    taken = set(rows.tolist())
    drawn = []
    for row in rows:
        start = max(0, min(place[row] - NEAR // 2, len(place) - NEAR))
        near = [r for r in by_length[start : start + NEAR].tolist() if r not in taken]
        near = near or [r for r in by_length.tolist() if r not in taken]
        drawn.append(near[rng.integers(len(near))])
        taken.add(drawn[-1])
    return np.array(drawn)
