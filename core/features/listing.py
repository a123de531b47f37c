"""The orders in which features are listed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np

from core.matrix.statistics import surprise
from core.schema import FeatureMatrix

UNCLEAR = "(unclear)"  # what the labels of features without a plain meaning end with
ORDERS = ("most credited", "commonest", "rarest", "strongest", "enriched", "vetoed")


def listed_features(
    matrix: FeatureMatrix, rows: np.ndarray, credited: np.ndarray, vetoed: Collection[int], order: str
) -> np.ndarray:
    """The features of a matrix in one of ORDERS, int64; among equals the lowest number first.

    Listed are those that are active and those that are vetoed, in the order "vetoed" the latter alone. rows: the picks;
    credited int32: the feature of each credit of theirs (Ledger.feature).
    """
    density, chosen = matrix.density(), np.array(sorted(vetoed), np.int64)
    if order == "vetoed":
        return chosen
    features = np.union1d(np.flatnonzero(density > 0), chosen)
    keys: dict[str, Callable[[], Sequence[np.ndarray]]] = {
        "most credited": lambda: (-np.bincount(credited, minlength=matrix.n_features), -surprise(matrix, rows)),
        "commonest": lambda: (-density,),
        "rarest": lambda: (density,),
        "strongest": lambda: (-largest_values(matrix),),
        "enriched": lambda: (-surprise(matrix, rows),),
    }
    return features[np.lexsort([key[features] for key in reversed(keys[order]())])]


def largest_values(matrix: FeatureMatrix) -> np.ndarray:
    """The largest value of each feature over all samples, float32 (F,), 0 for those that are never active."""
    largest = np.zeros(matrix.n_features, np.float32)
    np.maximum.at(largest, matrix.feature, matrix.value)
    return largest


def matching(features: np.ndarray, text: str, label: Callable[[int], str]) -> np.ndarray:
    """Those of the features whose number is `text`, or whose label has it as a part, whatever the case."""
    wanted = text.strip().lower()
    keep = [not wanted or wanted == str(f) or wanted in label(f).lower() for f in features.tolist()]
    return features[np.array(keep, bool)]


def first_telling(features: Sequence[int], label: Callable[[int], str]) -> int | None:
    """The first of the features whose label is there and not unclear; else the first, None if there are none."""
    named = (f for f in features if (text := label(f)) and not text.endswith(UNCLEAR))
    return next(named, features[0] if len(features) else None)
