"""What every selection method honours: vetoes, pins, bans, and the weights of features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.errors import SelectionError
from core.matrix.transpose import row_sums
from core.schema import EQUAL, FeatureMatrix, SelectionSpec


def available(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """Samples that may be chosen, neither banned nor blocked by a vetoed feature: bool (N,)."""
    allowed = np.ones(matrix.n_samples, bool)
    blocking = [f for f, mode in spec.vetoes.items() if mode == "block"]
    if blocking:
        weight = np.zeros(matrix.n_features)
        weight[blocking] = 1
        allowed = row_sums(matrix.indptr, matrix.feature, weight) == 0
    allowed[list(spec.bans)] = False
    return allowed


def pins(spec: SelectionSpec) -> np.ndarray:
    """The pinned rows in their order, each once: int64."""
    return np.array(list(dict.fromkeys(spec.pins)), dtype=np.int64)


def candidates(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """Available samples that are not pinned: bool (N,)."""
    allowed = available(matrix, spec)
    allowed[pins(spec)] = False
    return allowed


def weights(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """w_f, float64 (F,): 1 (uniform, content), log(N / samples that have the feature) (idf), or the sum of its values
    (mass), times its boost; what the features without credit would have counts for nothing, see `ignored`.
    """
    return weights_by(matrix.n_samples, feature_sums(matrix, spec), spec)


def feature_sums(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """What the weights of a spec are made of, which adds up over parts of the samples: float64 (F,) for mass the sum of
    a feature's values, for idf the samples that have it.
    """
    if spec.weights in EQUAL:
        return np.ones(matrix.n_features)
    value = matrix.value if spec.weights == "mass" else None
    return np.bincount(matrix.feature, value, minlength=matrix.n_features)


def weights_by(n_samples: int, sums: np.ndarray, spec: SelectionSpec) -> np.ndarray:
    """The weights of all samples, by the sums float64 (F,) of `feature_sums` over them: float64 (F,)."""
    if spec.weights in EQUAL:
        return boosted(np.ones(len(sums)), spec)
    return boosted(sums if spec.weights == "mass" else np.log(n_samples / np.maximum(sums, 1)), spec)


def boosted(weight: np.ndarray, spec: SelectionSpec) -> np.ndarray:
    """Weights float64 (F,), those of boosted features multiplied."""
    weight = weight.astype(np.float64)
    weight[list(spec.boosts)] *= np.array(list(spec.boosts.values()))
    return weight


def ignored(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """The features without credit: the ignored ones, and with the weights content all that are none: bool (F,).

    Raises SelectionError where these are wanted and not known.
    """
    mask = ~content_of(matrix, spec) if spec.weights == "content" else np.zeros(matrix.n_features, bool)
    mask[[f for f, mode in spec.vetoes.items() if mode == "ignore"]] = True
    return mask


def content_of(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """The content words and contextual features: bool (F,); SelectionError where the weights content make no sense."""
    if spec.lens == "topics":
        raise SelectionError("The weights content are for the tokens lens: every topic is about something.")
    if matrix.content is None:
        raise SelectionError(
            "The weights content need the kinds of the features, which the store does not have: "
            "`python -m core upgrade` adds them."
        )
    return matrix.content


def check_rows(rows: Sequence[int], n_samples: int) -> None:
    """Raise SelectionError for the first row that is none of the samples."""
    for row in rows:
        if not 0 <= row < n_samples:
            raise SelectionError(f"There is no row {row}: the rows are 0 to {n_samples - 1}.")
