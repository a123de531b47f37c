"""What the store keeps of a batch: pooled values, and the places that show what a feature is.

Those are its strongest peaks, and a fair draw of all the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.store.pooling import context_windows, pool_max, push_best

STRONGEST = 20  # contexts of the largest values
BINS, SPREAD = 3, 10  # bins of the values below them, from high to low, and contexts from each
RADIUS = 12  # tokens on each side of a context's peak
DRAWN = 48  # entries drawn to fill the bins: some of them are among the strongest too


@dataclass(frozen=True)
class Kept:
    """The places of each feature so far, −1 for a free one: values float32 (F, STRONGEST), lots float32 (F, DRAWN).

    An entry of a sample has one lot, a hash as good as a random number: those with the largest lots are a fair draw of
    the feature's entries, the same whatever the chunks are, and a crash changes nothing.
    """

    values: np.ndarray
    lots: np.ndarray

    def thresholds(self) -> tuple[np.ndarray, np.ndarray]:
        """What a value, or a lot, has to exceed to be wanted: float32 (F,) each."""
        return self.values.min(axis=1), self.lots.min(axis=1)

    def push(self, feature: np.ndarray, value: np.ndarray, lot: np.ndarray) -> None:
        """Take in new entries."""
        push_best(self.values, feature, value)
        push_best(self.lots, feature, lot)


def lots(row: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """The lot of each (row, feature): float32 in [0, 1), by splitmix64 (Steele, Lea and Flood 2014)."""
    with np.errstate(over="ignore"):
        x = (row.astype(np.uint64) << np.uint64(32)) + feature.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)


def pool(
    segments: np.ndarray,
    sample: np.ndarray,
    token: np.ndarray,
    triples: list[np.ndarray],
    n_features: int,
    wanted: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> dict[str, np.ndarray]:
    """Max-pool the triples over each sample's segments, and cut out the contexts that are wanted.

    segments (B, T); sample, token (content tokens,): their places in it; triples: token, feature, value (M,);
    wanted(sample, feature, value) → bool. Of a sample and feature only the strongest context is cut out.
    """
    at = np.full(segments.shape, -1, np.int32)
    at[sample, token] = np.arange(len(sample), dtype=np.int32)
    t, f, v = triples[0].astype(np.int32), triples[1].astype(np.int32), triples[2]
    slot = sample * 3 + segments[sample, token]
    slots, feature, value, peak = pool_max(slot, token.astype(np.int32), t, f, v, 3 * len(segments), n_features)
    owner, segment = slots // 3, (slots % 3).astype(np.uint8)
    strong = np.flatnonzero(wanted(owner, feature, value))
    strong = strong[np.lexsort((-value[strong], feature[strong], owner[strong]))]
    key = owner[strong].astype(np.int64) * n_features + feature[strong]
    strong = strong[np.unique(key, return_index=True)[1]]
    bounds = np.searchsorted(t, np.arange(len(sample) + 1))
    windows, start = context_windows(owner[strong], feature[strong], peak[strong], at, bounds, f, v, RADIUS)
    return {
        "sample": owner,
        "segment": segment,
        "feature": feature,
        "value": value,
        "peak": peak,
        "context_sample": owner[strong],
        "context_feature": feature[strong],
        "context_value": value[strong],
        "context_peak": peak[strong],
        "context_start": start,
        "windows": windows,
    }
