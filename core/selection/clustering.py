"""k-means over the samples' vectors, and methods that give every cluster its share (arXiv 2409.11378)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.matrix.greedy import fill
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, pins
from core.selection.inputs import SampleInfo, at_once, costs, score_column, unit_vectors, vectors_name
from core.selection.left_out import LeftOut
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


def kmeans_random(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """From each cluster its share, at random."""
    order = np.random.default_rng([spec.seed, 1]).random(matrix.n_samples)
    return _by_cluster(matrix, spec, samples, order)


def kmeans_closest(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """From each cluster its share, those nearest to its centre first."""
    return _by_cluster(matrix, spec, samples, None)


def by_cluster_reason(left: LeftOut, how: str) -> list[str]:
    """The reason of a method that gives every cluster its places: who took them."""
    clusters = left.selection.details["clusters"]
    taken, out = np.bincount(clusters.label[left.own], minlength=clusters.k), []
    for row in left.rows.tolist():
        c, n = clusters.label[row], taken[clusters.label[row]]
        places = f"samples {how} take the {n:,} places of cluster {c}" if n else f"cluster {c} has no place"
        out.append(left.budget(row, places))
    return out


def kmq(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """k-means-quality: from each cluster its share, drawn without replacement with a probability ∝ the score ≥ 0."""
    score = score_column(matrix, spec, samples, least=0)
    return _by_cluster(matrix, spec, samples, draw_keys(score, np.random.default_rng([spec.seed, 1])))


def _by_cluster(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, key: np.ndarray | None
) -> Selection:
    """From each cluster its share, the lowest `key` float64 (N,) first (None: the distance), clusters in turn.

    Shares are in the unit of the budget: places, or tokens. Tokens that no sample of a cluster fits into are spent on
    what comes next in any.
    """
    found, cost = clusters_of(matrix, spec, samples), costs(matrix, spec, samples)
    if key is None:
        assert found.distance is not None  # k-means tells it
        key = found.distance
    free, uniform = np.flatnonzero(candidates(matrix, spec)), spec.options.get("allocation") == "uniform"
    size = np.bincount(found.label[free], cost[free], minlength=found.k).astype(np.int64)
    share = (size > 0).astype(np.int64) if uniform else size
    quota = allocate(share, size, spec.budget - int(cost[pins(spec)].sum()))
    order = in_turns(free, found.label, key, quota, cost)
    rest = in_turns(np.setdiff1d(free, order), found.label, key, size, cost)
    details = {"clusters": found, "quota": quota}
    return by_order(matrix, spec, samples, np.concatenate([order, rest]), details=details)


def clusters_of(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> Clusters:
    """The clusters that the options `vectors` and `k` and the seed ask for, remembered if `samples` can.

    Raises SelectionError as `unit_vectors` and `clusters` do.
    """
    vectors, k = unit_vectors(matrix, spec, samples), spec.options.get("k", 0)
    remember = samples.remember if samples else at_once
    return remember(("clusters", vectors_name(spec), k, spec.seed), lambda: clusters(vectors, k, spec.seed))


def draw_keys(score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keys −log(u) / score, float64 (N,): taking the lowest draws without replacement with a probability ∝ score ≥ 0.

    Efraimidis and Spirakis 2006. A score of 0 has the key infinity: it comes last.
    """
    key = -np.log1p(-rng.random(len(score)))
    return np.divide(key, score, out=np.full(len(key), np.inf), where=score > 0)


def in_turns(
    rows: np.ndarray, label: np.ndarray, key: np.ndarray, quota: np.ndarray, cost: np.ndarray | None = None
) -> np.ndarray:
    """Of each cluster those of `rows` that fit in its quota int64 (C,), the lowest `key` float64 (N,) first, ties to
    the lowest row: int64. cost int64 (N,): what each takes of the quota, None for 1 each.

    The clusters take turns, each as often as it may.
    """
    cost = np.ones(len(label), np.int64) if cost is None else cost
    ranked = rows[np.lexsort((rows, key[rows], label[rows]))]
    ends = np.searchsorted(label[ranked], np.arange(len(quota) + 1))
    taken, n, turns = np.empty(len(ranked), np.int64), 0, []
    for c, room in enumerate(quota.tolist()):
        begun, n = n, fill(ranked[ends[c] : ends[c + 1]], cost, room, taken, n)
        spent = cost[taken[begun:n]]
        turns.append((np.cumsum(spent) - spent / 2) / max(room, 1))
    return taken[:n][np.argsort(np.concatenate(turns), kind="stable")]


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
        curve = k_curve(vectors, seed)
        return _fit(vectors, choose_k(curve, k), seed, curve)[0]
    if k > n:
        raise SelectionError(f"k = {k} clusters are more than the {n} different vectors there are.")
    return _fit(vectors, k or max(1, min(n, round(n**0.5))), seed)[0]


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
    """Silhouette and inertia for each of CANDIDATES below N / 2."""
    rows = []
    for k in [c for c in CANDIDATES if 2 * c <= len(vectors)] or [1]:
        found, inertia = _fit(vectors, k, seed)
        rows.append(KRow(k, silhouette(vectors, found.label, seed), inertia))
    return tuple(rows)


def silhouette(vectors: np.ndarray, label: np.ndarray, seed: int) -> float:
    """Mean silhouette (Rousseeuw 1987) of SILHOUETTE_SAMPLE random samples; 0 where it is not defined: all of them in
    one cluster, as beside a far outlier, or each in its own.
    """
    from sklearn.metrics import silhouette_score

    if len(label) > SILHOUETTE_SAMPLE:
        drawn = np.random.RandomState(seed).permutation(len(label))[:SILHOUETTE_SAMPLE]  # those that sklearn would draw
        vectors, label = vectors[drawn], label[drawn]
    if not 1 < len(np.unique(label)) < len(label):
        return 0.0
    return float(silhouette_score(vectors, label))


def choose_k(curve: tuple[KRow, ...], by: str) -> int:
    """The k with the largest silhouette; or the elbow: where the logarithm of inertia, drawn against that of k, is
    farthest below its chord. The smallest of several; an inertia of 0 counts as the smallest number there is.
    """
    if by == "silhouette" or len(curve) < 3:
        return max(curve, key=lambda row: (row.silhouette, -row.k)).k
    x, inertia = np.log([row.k for row in curve]), np.array([row.inertia for row in curve])
    y = np.log(np.maximum(inertia, np.finfo(float).tiny))
    chord = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    return curve[int(np.argmax(chord - y))].k
