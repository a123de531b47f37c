"""The names of clusters against the hypergeometric distribution written out."""

from fractions import Fraction
from math import comb

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.explain.cluster_names import LEAST, LEVEL, NEAREST, cluster_words, members, name_clusters
from core.schema import FeatureMatrix
from core.selection.clustering import Clusters, clusters
from tests.strategies import FEW, quick

samples = st.lists(st.tuples(st.sets(st.integers(0, FEW - 1)), st.integers(0, 3)), min_size=1, max_size=30)


def chance(hits: int, n: int, everywhere: int, total: int) -> Fraction:
    """That at least `hits` of `n` samples drawn out of `total` are among `everywhere`."""
    ways = sum(comb(everywhere, i) * comb(total - everywhere, n - i) for i in range(hits, min(n, everywhere) + 1))
    return Fraction(ways, comb(total, n))


def oracle(sets, label, cluster):
    """(p, −lift, feature) of every feature that is enriched in a cluster, in the order of its names."""
    inside, found = [s for s, c in zip(sets, label, strict=True) if c == cluster], []
    for f in range(FEW):
        hits, everywhere = sum(f in s for s in inside), sum(f in s for s in sets)
        if hits >= LEAST and (p := chance(hits, len(inside), everywhere, len(sets))) * FEW <= LEVEL:
            found.append((round(float(p), 12), -hits * len(sets) / (everywhere * len(inside)), f))
    return sorted(found)


@quick
@given(samples, st.data())
def test_names_sizes_and_centres(task, data):
    sets, label = [s for s, _ in task], np.array([c for _, c in task], np.int32)
    n = len(sets)
    distance = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)), np.float32)
    picked = sorted(data.draw(st.sets(st.integers(0, n - 1))))
    matrix = FeatureMatrix.from_sets(sets, FEW)
    cards = name_clusters(matrix, Clusters(4, label, distance), picked, "feature {}".format, most=FEW)
    size = np.bincount(label, minlength=4)
    assert [card.cluster for card in cards] == sorted(np.flatnonzero(size), key=lambda c: (-size[c], c))
    for card in cards:
        rows, wanted = np.flatnonzero(label == card.cluster), oracle(sets, label, card.cluster)
        assert (card.size, card.picked) == (len(rows), len(set(rows.tolist()) & set(picked)))
        assert card.central == min(rows, key=lambda row: (distance[row], row))
        assert card.features.tolist() == [f for _, _, f in wanted]
        np.testing.assert_allclose(card.lifts, [-lift for _, lift, _ in wanted])
        assert card.names == tuple(f"feature {f}" for _, _, f in wanted)


def test_a_cluster_is_named_by_what_only_it_has():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(3), 40)
    sets = [{int(g), 3} | ({4} if rng.random() < 0.5 else set()) for g in group]
    vectors = np.eye(3, dtype=np.float32)[group] + rng.normal(0, 0.01, (120, 3)).astype(np.float32)
    cards = name_clusters(FeatureMatrix.from_sets(sets, FEW), clusters(vectors, 3, 0), [0, 1, 40])
    assert sorted(card.names[0] for card in cards) == ["0", "1", "2"]
    assert all(card.size == 40 and np.isclose(card.lifts[0], 3) for card in cards)
    assert not any("3" in card.names for card in cards), "what all samples have names none"
    assert sorted(card.picked for card in cards) == [0, 1, 2]


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_members_by_their_distance(task):
    label, distance = np.array(task, np.int32).T
    found = [rows.tolist() for rows in members(Clusters(4, label, distance.astype(np.float32)))]
    assert found == [
        sorted(np.flatnonzero(label == c).tolist(), key=lambda row: (distance[row], row)) for c in range(4)
    ]
    plain = [rows.tolist() for rows in members(Clusters(4, label, None))]
    assert plain == [np.flatnonzero(label == c).tolist() for c in range(4)]


def texts_of(rows):
    """Of every third sample one on ships, of the others one on bread; far ones (from row 300 on) are on stars."""
    subjects = np.where(
        rows >= 300, "Name a star in the sky.", np.where(rows % 3, "Bake bread.", "Sail a ship at sea.")
    )
    return [f"{subject}\n\nHere is an answer of mine." for subject in subjects]


def test_words_name_what_no_feature_does():
    """By the nearest samples alone; asked for once, and only if needed."""
    label = (np.arange(330) % 3 > 0).astype(np.int32) * 2  # cluster 1 has no samples
    found = Clusters(3, label, np.arange(330, dtype=np.float32))
    assert NEAREST < 100
    words = cluster_words(found, texts_of)
    assert set(words[0].split(", ")) == {"sail", "sea", "ship"} and words[1] == ""
    assert set(words[2].split(", ")) == {"bake", "bread"}
    asked = []

    def once():
        asked.append(1)
        return words

    cards = name_clusters(None, found, [0], words=once)
    assert [(card.cluster, card.names) for card in cards] == [(2, (words[2],)), (0, (words[0],))]
    assert all(len(card.features) == len(card.lifts) == 0 for card in cards) and len(asked) == 1
    matrix = FeatureMatrix.from_sets([{int(c)} for c in label], FEW)
    assert [card.names for card in name_clusters(matrix, found, [], words=once)] == [("2",), ("0",)]
    assert len(asked) == 1
    assert all(card.names == () for card in name_clusters(None, found, []))
