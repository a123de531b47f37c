"""Feature cards against sets and dictionaries."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features import cards
from core.features.cards import (
    DRAWN,
    NOWHERE,
    STRONGEST,
    SUPPORT,
    alike,
    cofiring_neighbours,
    feature_card,
    flags,
    topic_card,
    topic_samples,
)
from core.matrix.statistics import unit_rows
from core.schema import SEGMENTS, FeatureMatrix
from core.store.reader import open_store
from tests.factories import matrix_from
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


def test_alike_is_the_cosine_with_active_features():
    decoder, active = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32), np.arange(40) % 3 > 0
    found = alike(unit_rows(decoder), 4, active)
    cosine = [np.dot(d, decoder[4]) / np.linalg.norm(d) / np.linalg.norm(decoder[4]) for d in decoder]
    near = [f for f in range(40) if f != 4 and f % 3 and cosine[f] >= cards.ALIKE]
    assert [n.feature for n in found] == sorted(near, key=lambda f: -cosine[f])[: cards.NEIGHBOURS]
    assert [n.value for n in found] == pytest.approx([cosine[n.feature] for n in found], abs=1e-5)
    assert len(alike(unit_rows(decoder), 4, np.arange(40) < 8)) == sum(
        f < 8 and f != 4 and cosine[f] >= cards.ALIKE for f in range(40)
    )
    assert alike(None, 4, active) == []


def context(token, edge=False, place=0):
    return {"bin": place, "pieces": ["a", token], "peak": 1, "edge": edge}


def test_flags():
    assert flags(0.0, []) == [NOWHERE]
    assert flags(0.5, [context(t) for t in "abcdef"]) == []
    assert "hardly tells" in flags(0.95, [context(t) for t in "abcdef"])[0]
    assert "one token string" in flags(0.5, [context(t) for t in ("The", " the", "THE", "the ", "the")])[0]
    assert flags(0.5, [context("the")] * 4) == []
    assert "chat template" in flags(0.5, [context(t, edge=t != "a") for t in "abcdef"])[0]


@quick
@given(st.lists(st.dictionaries(st.integers(0, 3), st.sampled_from([0.5, 1.0, 2.0, 3.0])), max_size=70))
def test_samples_of_a_topic_are_its_strongest_and_some_of_the_thirds_below(samples):
    matrix = matrix_from(samples, 4)
    for topic in range(4):
        ranked = sorted((i for i, s in enumerate(samples) if topic in s), key=lambda i: (-samples[i][topic], i))
        found = topic_samples(matrix, topic)
        assert all(v.tolist() == [samples[r][topic] for r in rows] for rows, v in found.values())
        strongest, middle, lower = (rows.tolist() for rows, _ in found.values())
        assert strongest == ranked[:STRONGEST]
        third, two = len(ranked) // 3, 2 * len(ranked) // 3
        for drawn, of in ((middle, ranked[third:two]), (lower, ranked[two:])):
            left = [r for r in of if r not in strongest]
            assert len(drawn) == min(DRAWN, len(left))
            assert drawn == [r for r in left if r in drawn], "they are of that third, in its order, each once"


def test_the_draw_from_a_third_is_fair_and_always_the_same():
    n = 90
    drawn = np.zeros(n, int)
    matrix = FeatureMatrix.from_sets([range(300)] * n, 300)
    for topic in range(300):
        found = topic_samples(matrix, topic)
        assert [r.tolist() for r, _ in found.values()] == [r.tolist() for r, _ in topic_samples(matrix, topic).values()]
        drawn[found["middle third"][0]] += 1
        drawn[found["lower third"][0]] += 1
    expected = 300 * DRAWN / 30
    assert not drawn[:30].any()
    assert np.abs(drawn[30:] - expected).max() < 5 * expected**0.5, "each of a third is as likely as another"


def test_the_card_of_a_topic():
    matrix = matrix_from([{0: 1.0}, {0: 2.0, 1: 1.0}, {}, {0: 0.5}], 3)
    card = topic_card(matrix, 0, unit_rows(np.array([[1.0, 0], [1, 1], [0, 1]])))
    assert (card.density, card.values.tolist(), card.flags) == (0.75, [1.0, 2.0, 0.5], [])
    assert card.samples["strongest"][0].tolist() == [1, 0, 3]
    assert [n.feature for n in card.alike] == [1], "2 lies at a right angle"
    assert topic_card(matrix, 2).flags == [NOWHERE]


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
