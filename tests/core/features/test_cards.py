"""Feature cards against sets and dictionaries."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features import cards
from core.features.cards import (
    BARS,
    SUPPORT,
    alike,
    cofiring_neighbours,
    feature_card,
    flags,
    sparklines,
)
from core.matrix.statistics import unit_rows
from core.schema import SEGMENTS, FeatureMatrix
from core.store.reader import open_store
from tests.strategies import quick


@quick
@given(st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=60), st.integers(0, 6))
def test_cofiring_neighbours(sets, feature):
    matrix = FeatureMatrix.from_sets(sets, 7)
    rows = [i for i, s in enumerate(sets) if feature in s]
    wanted = []
    for other in set(range(7)) - {feature}:
        both = sum(feature in s and other in s for s in sets)
        if both >= max(SUPPORT, len(rows) / 10):
            pmi = log2(both * len(sets) / (len(rows) * sum(other in s for s in sets)))
            wanted += [(other, pmi)] if pmi > 0 else []
    wanted.sort(key=lambda pair: (-pair[1], pair[0]))
    found = [(n.feature, n.value) for n in cofiring_neighbours(matrix, feature)]
    assert [v for _, v in found] == pytest.approx([v for _, v in wanted[: cards.NEIGHBOURS]])
    assert {f for f, _ in found} <= {f for f, _ in wanted}


def test_alike_is_the_cosine():
    decoder = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    found = alike(unit_rows(decoder), 4)
    cosine = [np.dot(d, decoder[4]) / np.linalg.norm(d) / np.linalg.norm(decoder[4]) for d in decoder]
    wanted = sorted((f for f in range(30) if f != 4), key=lambda f: -cosine[f])[: cards.NEIGHBOURS]
    assert [n.feature for n in found] == wanted
    assert [n.value for n in found] == pytest.approx([cosine[f] for f in wanted], abs=1e-5)
    assert alike(None, 4) == []


def context(token, edge=False, place=0):
    return {"bin": place, "pieces": ["a", token], "peak": 1, "edge": edge}


def test_flags():
    assert flags(0.0, []) == ["It never fires in this data set."]
    assert flags(0.5, [context(t) for t in "abcdef"]) == []
    assert "hardly tells" in flags(0.95, [context(t) for t in "abcdef"])[0]
    assert "one token string" in flags(0.5, [context(t) for t in ("The", " the", "THE", "the ", "the")])[0]
    assert flags(0.5, [context("the")] * 4) == []
    assert "chat template" in flags(0.5, [context(t, edge=t != "a") for t in "abcdef"])[0]


@quick
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_sparklines_count_every_value_once(seed, n):
    rng = np.random.default_rng(seed)
    feature = np.sort(rng.integers(0, 3, n))
    matrix = FeatureMatrix(np.array([0, n]), feature, rng.random(n) + 1, 4)
    found = sparklines(matrix, np.array([2, 3, 0]))
    assert found.shape == (3, BARS)
    assert found.sum(1).tolist() == [(feature == 2).sum(), 0, (feature == 0).sum()]
    if (feature == 2).any() and matrix.value[matrix.feature == 2].max() > matrix.value.min():
        assert found[0, -1] >= 1  # the largest is in the last bar


def test_card_of_a_real_store(tiny):
    store, theta = open_store(tiny.store), 1.0
    matrix = store.matrix(theta=theta)
    feature = int(np.bincount(matrix.feature).argmax())
    card = feature_card(store, matrix, theta, feature)
    rows = [i for i in range(30) if feature in matrix.row(i)]
    assert card.density == len(rows) / 30
    assert card.values.tolist() == [dict(zip(matrix.row(i), _values(matrix, i), strict=True))[feature] for i in rows]
    for segment in SEGMENTS[:2]:
        other = store.matrix(segment, theta)
        assert card.shares[segment] == pytest.approx(other.density()[feature])
    assert card.contexts and card.lens["promoted"] and card.alike == []
    pieces, segments = store.pieces(card.contexts[0]["sample_id"])
    assert len(pieces) == len(segments)


def _values(matrix, i):
    return matrix.value[matrix.indptr[i] : matrix.indptr[i + 1]].tolist()
