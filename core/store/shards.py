"""The matrix of a store in shards, for more samples than memory holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from core.schema import FeatureMatrix
from core.store.reader import FeatureStore


def store_shards(
    store: FeatureStore, n: int, scope: str, theta: float, lens: str
) -> Callable[[], Iterator[FeatureMatrix]]:
    """The store's matrix as `n` shards of consecutive samples, read one at a time; raises StoreError as `matrix`."""
    store.require(lens, scope)
    ends = np.linspace(0, store.n_samples, min(n, store.n_samples) + 1).astype(int).tolist()
    return lambda: (store.matrix(scope, theta, lens, range(a, b)) for a, b in pairwise(ends))
