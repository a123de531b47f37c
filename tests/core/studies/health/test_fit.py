"""Answers that do not fit their prompts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.studies.health.bags import counted, weighed
from core.studies.health.fit import FAR, Pairs, evidence, nearness, own_chance, whitened
from tests.sentences import SENTENCES

N = 400


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """Prompts of four words in one language, of 200, and answers that have two of them and a vector that follows."""
    rng = np.random.default_rng(0)
    prompt = rng.normal(size=(N, 12)).astype(np.float32)
    answer = (prompt @ rng.normal(size=(12, 12)) + 0.3 * rng.normal(size=(N, 12))).astype(np.float32)
    asked = [[f"word{k}" for k in rng.integers(0, 200, 4)] for _ in range(N)]
    texts = [" ".join([*words[:2], "and", *(f"word{k}" for k in rng.integers(0, 200, 4))]) for words in asked]
    bags = weighed(
        [
            [
                counted([" ".join(words) for words in asked]),
                counted(texts),
                counted([" ".join(t.split()[:2]) for t in texts]),
            ]
        ]
    )
    codes = np.array(list(SENTENCES)[:2] * (N // 2), object)
    rows = np.arange(N)
    return Pairs(whitened(prompt, rows, 12), whitened(answer, rows, 12), *bags, codes, codes)


def test_shuffled_answers_are_hardly_their_own(pairs):
    answer = np.arange(N)
    answer[:20] = np.roll(answer[:20], 1)
    chance = own_chance(pairs, answer)
    assert set(np.argsort(chance)[:15].tolist()) <= set(range(20)) and (chance[20:] < FAR).sum() <= 2
    assert chance.tolist() == own_chance(pairs, answer).tolist()


def test_evidence_is_what_the_words_say(pairs):
    i, j = np.arange(40), np.roll(np.arange(40), 3)
    near = nearness(pairs, np.arange(N))
    _, cosine, share, covered, largest, total, begun, first, _, _, spoken = evidence(pairs, near, i, j).T

    def bag(of, row):
        part = slice(of.indptr[row], of.indptr[row + 1])
        return dict(zip(of.word[part].tolist(), of.weight[part].tolist(), strict=True))

    for k in range(40):
        asked, said = bag(pairs.prompt, i[k]), bag(pairs.answer, j[k])
        both = [asked[word] for word in asked.keys() & said.keys()]
        assert total[k] == pytest.approx(sum(both), rel=1e-5) and largest[k] == pytest.approx(max(both, default=0))
        assert share[k] == pytest.approx(sum(both) / sum(asked.values()), rel=1e-5)
        assert covered[k] == pytest.approx(sum(both) / sum(said.values()), rel=1e-5)
        size = np.sqrt(sum(w * w for w in asked.values()) * sum(w * w for w in said.values()))
        assert cosine[k] == pytest.approx(sum(w * w for w in both) / size, rel=1e-5)
    assert (begun <= total + 1e-5).all() and (first <= largest + 1e-5).all()
    assert spoken.tolist() == (pairs.asked[i] == pairs.told[j]).tolist()
    nobody = replace(pairs, asked=np.array([""] * N, object))
    assert set(evidence(nobody, near, i, j)[:, -1].tolist()) == {0.5}


def test_whitened_components_have_variance_one_and_are_uncorrelated(monkeypatch):
    monkeypatch.setattr("core.studies.health.fit.BLOCK", 64)
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 8))).astype(np.float32)
    rows = np.arange(200)
    found = whitened(vectors, rows, 20)
    assert found.shape == (200, 5)
    np.testing.assert_allclose(found.T @ found / 200, np.eye(5), atol=1e-4)
    assert whitened(vectors, rows, 2).shape == (200, 2)
    some = np.flatnonzero(rng.random(200) < 0.7)
    np.testing.assert_allclose(whitened(vectors, some, 20), whitened(vectors[some], np.arange(len(some)), 20))
