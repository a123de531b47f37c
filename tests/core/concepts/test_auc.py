"""The AUC against its definition by pairs and scikit-learn; its interval against its own equation and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.concepts.auc import Z, auc, variance


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_the_auc_counts_the_pairs_in_the_right_order(pairs: list[tuple[int, bool]]) -> None:
    score, positive = (np.array(part) for part in zip(*pairs, strict=True))
    if positive.all() or not positive.any():
        return
    found = auc(score, positive)
    order = score[positive][:, None] - score[~positive][None]
    assert found.value == pytest.approx(((order > 0) + (order == 0) / 2).mean())
    assert found.value == pytest.approx(roc_auc_score(positive, score))
    assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(("value", "m", "n"), [(0.5, 10, 50), (0.8, 30, 12), (0.97, 10, 10), (1.0, 10, 100)])
def test_the_bounds_are_as_far_as_their_own_error_says(value: float, m: int, n: int) -> None:
    wins = round(value * m * n)  # so many pairs are in the right order
    score = np.zeros(m + n)
    score[:m] = np.array([n] * (wins // n) + [wins % n] * (wins % n > 0) + [0] * m)[:m] + 0.5
    score[m:] = np.arange(1, n + 1)
    found = auc(score, np.arange(m + n) < m)
    assert found.value == pytest.approx(wins / (m * n))
    grid = np.linspace(0, 1, 200_001)
    inside = grid[np.abs(found.value - grid) <= Z * np.sqrt(variance(grid, m, n))]
    assert found.low == pytest.approx(inside.min(), abs=1e-4)
    assert found.high == pytest.approx(inside.max(), abs=1e-4)


def test_the_interval_holds_what_it_should_about_as_often_as_it_says() -> None:
    rng, shift, m, n = np.random.default_rng(0), 1.5, 12, 60
    true = roc_auc_score(np.arange(20_000) < 10_000, rng.normal(size=20_000) + shift * (np.arange(20_000) < 10_000))
    positive = np.arange(m + n) < m
    found = [auc(rng.normal(size=m + n) + shift * positive, positive) for _ in range(400)]
    assert 0.92 <= np.mean([one.low <= true <= one.high for one in found]) <= 0.99


def test_the_interval_has_a_width_where_all_are_told_apart() -> None:
    few, many = (auc(np.arange(2 * n), np.arange(2 * n) >= n) for n in (10, 1000))
    assert few.value == many.value == 1
    assert few.low < 0.85 < 0.99 < many.low
