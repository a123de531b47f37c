"""Answers that do not fit their prompts."""

from __future__ import annotations

import numpy as np

from core.studies.health.fit import fits, whitened


def test_shuffled_answers_fit_worse_than_their_own():
    rng = np.random.default_rng(0)
    prompt = rng.normal(size=(600, 12)).astype(np.float32)
    answer = (prompt @ rng.normal(size=(12, 12)) + 0.3 * rng.normal(size=(600, 12))).astype(np.float32)
    answer[:30] = np.roll(answer[:30], 1, axis=0)
    score = fits(prompt, answer)
    assert np.median(score[:30]) < 1 < np.median(score[30:])
    assert set(np.argsort(score)[:20].tolist()) <= set(range(30))


def test_whitened_components_have_variance_one_and_are_uncorrelated():
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(200, 5)) @ rng.normal(size=(5, 8))).astype(np.float32)
    found = whitened(vectors, 20)
    assert found.shape == (200, 5)
    np.testing.assert_allclose(found.T @ found / 200, np.eye(5), atol=1e-4)
    assert whitened(vectors, 2).shape == (200, 2)
