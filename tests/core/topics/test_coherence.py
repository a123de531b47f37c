"""Coherence: against the definition by brute force, with vectors of words and with others."""

import numpy as np
import pytest
from hypothesis import given

from core.schema import FeatureMatrix
from core.topics.coherence import LEAST, NEAR, Coherence, coherence, mean_cosine, strongest, tfidf
from tests.strategies import quick, seeds

SUBJECTS = ["cat dog horse bird", "piano violin drum flute", "bread butter cheese apple"]


def corpus(rng, n=150):
    """Texts about one of three subjects each, and a matrix that has them as features 0 to 2; 3 is rare, 4 random."""
    texts, rows = [], []
    for i in range(n):
        words = rng.choice(SUBJECTS[i % 3].split(), rng.integers(3, 30))
        texts.append(" ".join(words))
        rows.append({i % 3} | ({3} if i < LEAST - 1 else set()) | ({4} if rng.random() < 0.5 else set()))
    sets = FeatureMatrix.from_sets(rows, 6)
    value = rng.integers(1, 5, len(sets.value))  # ties
    return texts, FeatureMatrix(sets.indptr, sets.feature, value, 6)


def brute_cosine(unit, rows):
    pairs = [(a, b) for a in rows for b in rows if a < b]
    return sum(float(unit[a] @ unit[b]) for a, b in pairs) / len(pairs)


@quick
@given(seeds)
def test_mean_cosine_is_the_mean_over_all_pairs(seed):
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(12, 5)) * (rng.random((12, 5)) < 0.7)
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    rows = rng.choice(12, 6, replace=False)
    assert mean_cosine(unit, rows) == pytest.approx(brute_cosine(unit, rows.tolist()))
    assert mean_cosine(csr_matrix(unit), rows) == pytest.approx(brute_cosine(unit, rows.tolist()))


def test_the_strongest_samples_ties_by_the_lowest_row():
    _, matrix = corpus(np.random.default_rng(0))
    for feature in range(5):
        having = [
            (-float(matrix.value[e]), i)
            for i in range(matrix.n_samples)
            for e in range(matrix.indptr[i], matrix.indptr[i + 1])
            if matrix.feature[e] == feature
        ]
        assert strongest(matrix, feature).tolist() == [i for _, i in sorted(having)[:10]]


def test_features_of_a_subject_are_coherent_and_random_ones_are_not():
    rng = np.random.default_rng(1)
    texts, matrix = corpus(rng)
    found = coherence(matrix, texts, np.random.default_rng(0))
    assert found.feature.tolist() == [0, 1, 2, 4]  # 3 has too few samples, 5 none
    unit = tfidf(texts).toarray()
    for feature, own in zip(found.feature, found.own, strict=True):
        assert own == pytest.approx(brute_cosine(unit, strongest(matrix, feature).tolist()))
    assert (found.ratio[:3] > 2).all() and 0.5 < found.ratio[3] < 1.5
    again = coherence(matrix, texts, np.random.default_rng(0))
    np.testing.assert_array_equal(found.random, again.random)


def test_random_samples_are_of_like_length_and_none_of_the_ten(monkeypatch):
    texts, matrix = corpus(np.random.default_rng(2), 300)
    lengths = np.array([len(t.split()) for t in texts])
    order = sorted(range(300), key=lambda i: (lengths[i], i))
    drawn = []
    monkeypatch.setattr("core.topics.coherence.mean_cosine", lambda unit, rows: drawn.append(rows) or 1.0)
    coherence(matrix, texts, np.random.default_rng(0), np.eye(300))
    for i in range(0, len(drawn), 11):  # the ten of a feature, then ten random sets
        top = drawn[i]
        for rows in drawn[i + 1 : i + 11]:
            assert len(set(rows) | set(top)) == 20
            apart = [abs(order.index(a) - order.index(b)) for a, b in zip(top, rows, strict=True)]
            assert max(apart) < NEAR


def test_other_vectors_and_a_part_of_the_features():
    texts, matrix = corpus(np.random.default_rng(3))
    vectors = np.random.default_rng(4).normal(size=(len(texts), 8)).astype(np.float32)
    found = coherence(matrix, texts, np.random.default_rng(0), vectors, most=2)
    unit = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    assert len(found.feature) == 2 and set(found.feature) < {0, 1, 2, 4}
    for feature, own in zip(found.feature, found.own, strict=True):
        assert own == pytest.approx(brute_cosine(unit, strongest(matrix, feature).tolist()))


def test_a_ratio_needs_something_to_compare_with():
    found = Coherence(np.array([0, 1]), np.array([0.25, 0.0]), np.array([0.125, 0.0]))
    np.testing.assert_allclose(found.ratio, [2, 0])
    assert found.summary() == {"coherence_features": 2, "coherence_median": 1.0, "coherence_above_3": 0.0}
    assert Coherence(*[np.zeros(0)] * 3).summary() == {"coherence_features": 0}
