"""Clusters: how many there are, what each is given, and the methods that draw from them."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection import clustering
from core.selection.clustering import KRow, allocate, choose_k, clusters, k_curve, silhouette
from core.selection.inputs import SampleInfo
from core.selection.run import select
from tests.factories import info_with
from tests.strategies import quick


@quick
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6), st.integers(0, 60))
def test_places_are_given_out_by_largest_remainder(clusters_, total):
    share, extra = (np.array(c) for c in zip(*clusters_, strict=True))
    most = share + extra
    quota = allocate(share, most, total)
    assert (quota <= most).all()
    assert quota.sum() == min(total, most[share > 0].sum())
    if total <= share.sum() and share.sum():
        assert (np.abs(quota - total * share / share.sum()) < 1).all()


def test_the_places_of_full_clusters_go_to_the_others():
    assert allocate(np.array([5, 3, 2]), np.array([5, 3, 2]), 5).tolist() == [3, 1, 1]
    assert allocate(np.array([1, 1]), np.array([1, 9]), 6).tolist() == [1, 5]


def blobs(n=90, centres=3, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return np.repeat(np.eye(d)[:centres], n // centres, 0) + rng.normal(size=(n, d)) * 0.05


def test_every_cluster_gets_its_share_and_the_closest_come_first():
    vectors, matrix = blobs(), FeatureMatrix.from_sets([{0}] * 90, 1)
    for method in ("kmeans-random", "kmeans-closest"):
        got = select(matrix, SelectionSpec(method, 9, options={"k": 3}), info_with(vectors))
        assert sorted(got.rows // 30) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        assert sorted(got.rows[:3] // 30) == [0, 1, 2]
    found = got.details["clusters"]
    for c in range(3):
        of_c = np.flatnonzero(found.label == c)
        best = of_c[np.argsort(found.distance[of_c])][:3]
        assert set(best) == set(got.rows[found.label[got.rows] == c])
    fewer = SelectionSpec("kmeans-random", 60, options={"k": 3}, bans=tuple(range(25)))
    assert np.bincount(select(matrix, fewer, info_with(vectors)).rows // 30).tolist() == [4, 28, 28]  # 4.6, 27.7, 27.7
    even = SelectionSpec("kmeans-random", 60, options={"k": 3, "allocation": "uniform"}, bans=tuple(range(25)))
    assert np.bincount(select(matrix, even, info_with(vectors)).rows // 30)[0] == 5


def test_kmq_draws_by_quality():
    vectors, matrix = np.ones((4, 2)), FeatureMatrix.from_sets([{0}] * 4, 1)
    info = info_with(vectors, grade=np.array([0.0, 1.0, 2.0, 5.0]))
    first = [select(matrix, SelectionSpec("kmq", 1, seed=s, options={"k": 1}), info).rows[0] for s in range(2000)]
    share = np.bincount(first, minlength=4) / 2000
    assert np.abs(share - np.array([0, 1, 2, 5]) / 8).max() < 0.04
    assert select(matrix, SelectionSpec("kmq", 4, options={"k": 1}), info).rows[-1] == 0
    with pytest.raises(SelectionError, match=r"row 0 has -1, and kmq needs ≥ 0"):
        select(matrix, SelectionSpec("kmq", 1), info_with(vectors, grade=np.array([-1.0, 1, 1, 1])))


def test_the_number_of_clusters_is_found_and_its_curve_kept():
    vectors = blobs(120, 4).astype(np.float32)
    curve = k_curve(vectors, 0)
    assert [row.k for row in curve] == [2, 4, 8, 16, 32]
    assert choose_k(curve, "silhouette") == 4
    found = clusters(vectors, "silhouette", 0)
    assert (found.k, found.curve) == (4, curve)
    assert clusters(vectors, 0, 0).k == 11
    with pytest.raises(SelectionError, match="k = 121 clusters are more than the 120 different vectors"):
        clusters(vectors, 121, 0)


def test_fault_9_the_elbow_is_farthest_below_the_chord_of_log_inertia_against_log_k():
    rng = np.random.default_rng(0)
    for _ in range(50):
        ks = [2, 4, 8, 16, 32, 64]
        inertia = np.sort(rng.lognormal(0, 2, len(ks)))[::-1]
        points = [(log(k), log(i)) for k, i in zip(ks, inertia, strict=True)]
        (x0, y0), (x1, y1) = points[0], points[-1]
        below = [y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y for x, y in points]
        curve = tuple(KRow(k, 0.0, float(i)) for k, i in zip(ks, inertia, strict=True))
        assert choose_k(curve, "elbow") == ks[below.index(max(below))]
    falls = (1024.0, 256.0, 64.0, 16.0, 15.0, 14.0)  # a power law until 16, then flat; raw inertia bends at 8
    assert choose_k(tuple(KRow(k, 0.0, i) for k, i in zip(ks, falls, strict=True)), "elbow") == 16
    assert choose_k((KRow(2, 0, 4.0), KRow(4, 0, 0.0), KRow(8, 0, 0.0)), "elbow") == 4


def test_fault_9_a_sample_of_one_label_has_no_silhouette(monkeypatch):
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 10)
    vectors = np.vstack([np.tile([1.0, 0.0], (99, 1)), [[-1.0, 0.0]]]).astype(np.float32)  # one far outlier
    label = np.array([0] * 99 + [1])
    scores = [silhouette(vectors, label, seed) for seed in range(20)]
    drawn = [99 in np.random.RandomState(seed).permutation(100)[:10] for seed in range(20)]
    assert any(drawn) and not all(drawn)
    assert scores == [pytest.approx(0.9) if one else 0.0 for one in drawn]  # the outlier, alone, counts 0


def test_the_silhouette_is_that_of_sklearn_where_it_is_defined(monkeypatch):
    vectors = blobs(90, 3, seed=5)
    label = np.arange(90) // 30
    assert silhouette(vectors, label, 0) == pytest.approx(silhouette_score(vectors, label))
    monkeypatch.setattr(clustering, "SILHOUETTE_SAMPLE", 40)
    wanted = silhouette_score(vectors, label, sample_size=40, random_state=7)
    assert silhouette(vectors, label, 7) == pytest.approx(wanted)


@pytest.mark.parametrize("method", ["kmeans-random", "kmeans-closest", "kmq"])
def test_fault_9_uniform_allocation_counts_tokens_where_the_budget_does(method):
    vectors, matrix = np.repeat(np.eye(2), [90, 10], 0), FeatureMatrix.from_sets([{0}] * 100, 1)
    tokens = np.repeat([5, 20], [90, 10])
    info = SampleInfo(tokens, tokens * 0, {"grade": np.ones(100)}, lambda _: vectors)

    def spent(allocation, budget):
        options = {"k": 2, "allocation": allocation}
        got = select(matrix, SelectionSpec(method, budget, "tokens", options=options), info)
        return [int(tokens[got.rows[got.rows < 90]].sum()), int(tokens[got.rows[got.rows >= 90]].sum())]

    assert spent("uniform", 200) == [100, 100]
    assert spent("proportional", 130) == [90, 40]  # 450 and 200 tokens: shares of 90 and 40
    assert spent("uniform", 500) == [300, 200], "what a cluster cannot use goes to the other"


def test_fault_22_clusters_are_kept_by_whoever_asks_not_by_the_process():
    vectors, matrix, kept = blobs(), FeatureMatrix.from_sets([{0}] * 90, 1), {}
    info = replace(info_with(vectors), remember=lambda key, compute: kept.setdefault(key, compute()))
    for k in (3, 4):
        select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": k}), info)
    assert set(kept) == {("unit vectors", "residual")} | {("clusters", "residual", k, 0) for k in (3, 4)}
    plain = select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": 3}), info_with(vectors))
    again = select(matrix, SelectionSpec("kmeans-closest", 9, options={"k": 3}), info)
    assert again.rows.tolist() == plain.rows.tolist()
