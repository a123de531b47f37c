"""Close pairs of vectors against all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from core.matrix.close import HEAD, close_pairs, turned


@pytest.mark.parametrize("width", [3, HEAD, 40])
def test_turning_keeps_distances_and_sorts_by_variance(width: int) -> None:
    rng = np.random.default_rng(width)
    vectors = rng.normal(size=(50, width)).astype(np.float32) @ np.diag(rng.uniform(0.1, 3, width)).astype(np.float32)
    found = turned(vectors.copy())
    np.testing.assert_allclose(found @ found.T, vectors @ vectors.T, rtol=1e-3, atol=1e-3)
    size = (found**2).sum(0)
    assert found.dtype == np.float32 and (np.diff(size) <= 1e-3 * size[0]).all()


@pytest.mark.parametrize("seed", range(8))
def test_no_close_pair_is_missed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(60, HEAD + 5)).astype(np.float32)
    vectors[30:] = vectors[:30] + rng.normal(scale=0.1, size=(30, HEAD + 5))
    vectors = vectors[np.argsort(vectors[:, 0], kind="stable")]
    distance = ((vectors[:, None] - vectors[None]) ** 2).sum(-1)
    head, rest = vectors[:, :HEAD].copy(), vectors[:, HEAD:].copy()
    for reach in (0.05, 0.2, 20.0):
        expected = [pair for pair in np.argwhere(np.triu(distance <= reach, 1)).tolist() if 10 <= pair[0] < 50]
        found = close_pairs(head, rest, 10, 50, reach, 10_000).tolist()
        assert sorted(found) == sorted(expected)
        assert close_pairs(head, rest, 10, 50, reach, 3).tolist() == found[:3]
