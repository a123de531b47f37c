"""How the number of features grows with the tokens read of a response: Heaps' law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.store.meta import data_named
from core.store.places import Places
from core.store.queries import features_met
from core.store.reader import FeatureStore

ENOUGH, FITTED = 30, 40  # samples that must be so long; points, evenly spaced in log t, that the curve is fitted to


@dataclass(frozen=True)
class Growth:
    """Features met after t = 1 … T tokens of a response, and the curve K · t^β fitted to them.

    features float64 (T,): mean over the samples of at least t tokens, samples int64 (T,) how many these are. r2: share
    of the variance of log features that the curve explains. K, β and r2 are nan with fewer than two points.
    """

    source: str
    features: np.ndarray
    samples: np.ndarray
    K: float
    beta: float
    r2: float


def growth(store: FeatureStore, places: Places, theta: float) -> list[Growth]:
    """One curve for each source of the data, most samples first; up to the length that ENOUGH samples reach. Only the
    samples count whose tokens `places` has.

    A feature counts as met once the token of its largest value is read, since the store keeps no earlier one: a lower
    bound of those active so far.
    """
    columns = store.sample_columns("n_read_response", "source")
    lengths, source = columns["n_read_response"].astype(np.int64), columns["source"].astype(str)
    lengths[np.arange(len(lengths)) % places.every > 0] = 0  # as if they had no response
    found = features_met(store, "response", theta, places.every)
    place, _ = places.of(found["sample_id"], found["peak"])
    names, group, size = np.unique(source, return_inverse=True, return_counts=True)
    curves = []
    for g in np.argsort(-size, kind="stable"):
        own = group[found["sample_id"]] == g
        sample = found["sample_id"][own]
        curve = mean_curve(place[own], lengths[sample], found["n"][own], lengths[group == g])
        curves.append(Growth(names[g] or data_named(store.meta), *curve, *heaps(curve[0])))
    return curves


def mean_curve(
    place: np.ndarray, length: np.ndarray, weight: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean features met after t tokens float64 (T,), over the samples of at least t tokens, and their number (T,).

    Entries of `weight` features, met with token `place` (from 0) of a response of `length` tokens, count for every t
    from place + 1 to length. lengths: those of all samples. T: the length that ENOUGH of them reach, or half of fewer.
    """
    most = int(lengths.max(initial=0))
    begin = np.bincount(place + 1, weight, most + 2)
    end = np.bincount(length + 1, weight, most + 2)
    total = np.cumsum(begin - end)[1 : most + 1]
    reached = np.cumsum(np.bincount(lengths, minlength=most + 1)[::-1])[::-1][1:]
    last = int(np.count_nonzero(reached >= max(1, min(ENOUGH, len(lengths) // 2))))
    return total[:last] / reached[:last], reached[:last]


def heaps(features: np.ndarray) -> tuple[float, float, float]:
    """K, β and r² of K · t^β, least squares on the logarithms (Heaps 1978) at lengths evenly spaced in log t."""
    at = np.unique(np.geomspace(1, max(len(features), 1), FITTED).round().astype(int))
    at = at[(at <= len(features)) & (features[np.minimum(at, len(features)) - 1] > 0)] if len(features) else at[:0]
    if len(at) < 2:
        return float("nan"), float("nan"), float("nan")
    x, y = np.log(at), np.log(features[at - 1])
    beta, intercept = np.polyfit(x, y, 1)
    left = y - intercept - beta * x
    r2 = 1 - left @ left / max(((y - y.mean()) ** 2).sum(), 1e-300)
    return float(np.exp(intercept)), float(beta), float(r2)
