"""k-means over the samples' vectors, and methods that give every cluster its share (arXiv 2409.11378)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, pins
from core.selection.inputs import Latest, SampleInfo, score_column, unit_vectors
from core.selection.picks import by_order

CANDIDATES = (2, 4, 8, 16, 32, 64, 128, 256, 512)  # numbers of clusters to choose from
SILHOUETTE_SAMPLE = 4000  # the silhouette looks at all pairs


@dataclass(frozen=True)
class Clusters:
    """label int32 (N,); distance float32 (N,) to the own centre, if known; curve: what each candidate k gave."""

    k: int
    label: np.ndarray
    distance: np.ndarray | None
    curve: tuple[KRow, ...] = ()


@dataclass(frozen=True)
class KRow:
    """How well k clusters fit: mean silhouette in [-1, 1] of a sample, and inertia, the sum of squared distances."""

    k: int
    silhouette: float
    inertia: float


_fits = Latest()
_choices = Latest()


def kmeans_random(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """From each cluster its share, at random."""
    order = np.random.default_rng([spec.seed, 1]).random(matrix.n_samples)
    return _by_cluster(matrix, spec, samples, order)


def kmeans_closest(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """From each cluster its share, those nearest to its centre first."""
    return _by_cluster(matrix, spec, samples, None)


def kmq(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """k-means-quality: from each cluster its share, drawn without replacement with a probability ∝ the score ≥ 0."""
    score = score_column(matrix, spec, samples, least=0)
    return _by_cluster(matrix, spec, samples, draw_keys(score, np.random.default_rng([spec.seed, 1])))


def _by_cluster(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, key: np.ndarray | None
) -> Selection:
    """From each cluster its share, the lowest `key` float64 (N,) first (None: the distance), clusters in turn."""
    found = clusters(unit_vectors(matrix, spec, samples), spec.options.get("k", 0), spec.seed)
    key = found.distance if key is None else key
    free = np.flatnonzero(candidates(matrix, spec))
    size = np.bincount(found.label[free], minlength=found.k)
    quota = size
    if spec.unit == "samples":
        share = size if spec.options.get("allocation", "proportional") == "proportional" else (size > 0).astype(int)
        quota = allocate(share, size, min(spec.budget - len(pins(spec)), len(free)))
    order = in_turns(free, found.label, key, quota)
    return by_order(matrix, spec, samples, order, details={"clusters": found, "quota": quota})


def draw_keys(score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keys −log(u) / score, float64 (N,): taking the lowest draws without replacement with a probability ∝ score ≥ 0.

    Efraimidis and Spirakis 2006. A score of 0 has the key infinity: it comes last.
    """
    key = -np.log1p(-rng.random(len(score)))
    return np.divide(key, score, out=np.full(len(key), np.inf), where=score > 0)


def in_turns(rows: np.ndarray, label: np.ndarray, key: np.ndarray, quota: np.ndarray) -> np.ndarray:
    """Of each cluster quota int64 (C,) of `rows`, the lowest `key` float64 (N,) first, ties to the lowest row: int64.

    The clusters take turns, each as often as it may.
    """
    ranked = rows[np.lexsort((rows, key[rows], label[rows]))]
    size = np.bincount(label[ranked], minlength=len(quota))
    place = np.arange(len(ranked)) - np.repeat(np.cumsum(size) - size, size)  # within the own cluster
    taken = place < quota[label[ranked]]
    turn = (place[taken] + 0.5) / quota[label[ranked[taken]]]
    return ranked[taken][np.argsort(turn, kind="stable")]


def allocate(share: np.ndarray, most: np.ndarray, total: int) -> np.ndarray:
    """`total` places ∝ share int64 (C,), none above most int64 (C,), by largest remainder, ties to the first: int64."""
    quota, total = np.zeros(len(share), np.int64), min(total, int(most[share > 0].sum()))
    while quota.sum() < total:
        open_share = np.where(quota < most, share, 0)
        ideal = (total - quota.sum()) * open_share / open_share.sum()
        whole = np.floor(ideal).astype(np.int64)
        rest = int(total - quota.sum() - whole.sum())
        whole[np.argsort(whole - ideal, kind="stable")[:rest]] += 1
        quota = np.minimum(quota + whole, most)  # what a full cluster cannot take goes round again
    return quota


# --- the clusters


def clusters(vectors: np.ndarray, k: int | str, seed: int) -> Clusters:
    """k-means of vectors float32 (N, d); k: a number, 0 for √N, or silhouette or elbow to choose it.

    Raises SelectionError if there are not that many different vectors.
    """
    n = len(np.unique(vectors, axis=0)) if len(vectors) <= 2000 else len(vectors)
    if isinstance(k, str):
        curve = _choices(vectors, seed, lambda: k_curve(vectors, seed))
        return _kmeans(vectors, choose_k(curve, k), seed, curve)
    if k > n:
        raise SelectionError(f"k = {k} clusters are more than the {n} different vectors there are.")
    return _kmeans(vectors, k or max(1, min(n, round(n**0.5))), seed)


def _kmeans(vectors: np.ndarray, k: int, seed: int, curve: tuple[KRow, ...] = ()) -> Clusters:
    return _fits(vectors, (k, seed, curve), lambda: _fit(vectors, k, seed, curve)[0])


def _fit(vectors: np.ndarray, k: int, seed: int, curve: tuple[KRow, ...] = ()) -> tuple[Clusters, float]:
    """(clusters, inertia)."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer different vectors than k: some stay empty
        model = KMeans(k, n_init=1, random_state=seed).fit(vectors)
    label = model.labels_.astype(np.int32)
    distance = np.linalg.norm(vectors - model.cluster_centers_[label].astype(np.float32), axis=1)
    return Clusters(k, label, distance, curve), float(model.inertia_)


def k_curve(vectors: np.ndarray, seed: int) -> tuple[KRow, ...]:
    """Silhouette (Rousseeuw 1987) and inertia for each of CANDIDATES below N / 2."""
    from sklearn.metrics import silhouette_score

    rows = []
    for k in [c for c in CANDIDATES if 2 * c <= len(vectors)] or [1]:
        found, inertia = _fit(vectors, k, seed)
        several = 1 < len(np.unique(found.label)) < len(vectors)
        size = min(SILHOUETTE_SAMPLE, len(vectors))
        score = silhouette_score(vectors, found.label, sample_size=size, random_state=seed) if several else 0.0
        rows.append(KRow(k, float(score), inertia))
    return tuple(rows)


def choose_k(curve: tuple[KRow, ...], by: str) -> int:
    """The k with the largest silhouette; or the elbow: where log-log inertia is farthest below its chord."""
    if by == "silhouette" or len(curve) < 3:
        return max(curve, key=lambda row: (row.silhouette, -row.k)).k
    x, y = np.log([row.k for row in curve]), np.array([row.inertia for row in curve])
    chord = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    return curve[int(np.argmax(chord - y))].k
