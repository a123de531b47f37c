"""The probes find what was planted, and do what scikit-learn does by itself."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from core.concepts.auc import auc
from core.concepts.probe import FOLDS, INTERCEPT, KINDS, held_out, learnt


def planted(seed: int = 0, n: int = 120, d: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Sparse values, of which columns 3 and 7 tell the positive rows."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 3 == 0
    x = rng.random((n, d)) * (rng.random((n, d)) < 0.2)
    x[positive, 3] += rng.random(positive.sum())
    x[positive & (rng.random(n) < 0.7), 7] += 0.8
    return x, positive


def test_the_sparse_probe_uses_the_planted_columns_most() -> None:
    x, positive = planted()
    line = learnt("features", csr_matrix(x), positive, 0)
    assert set(np.argsort(-line.weight)[:2]) == {3, 7}
    assert auc(held_out("features", csr_matrix(x), positive, 0), positive).low > 0.8


def test_a_label_that_nothing_goes_with_is_not_found() -> None:
    x, positive = planted()
    shuffled = np.random.default_rng(1).permutation(positive)
    found = auc(held_out("features", csr_matrix(x), shuffled, 0), shuffled)
    assert found.low < 0.5 < found.high


@pytest.mark.parametrize("kind", KINDS)
def test_a_probe_is_scikit_learns_at_one_of_the_strengths(kind: str) -> None:
    x, positive = planted(2)
    given = csr_matrix(x) if kind == "features" else x.astype(np.float32)
    line = learnt(kind, given, positive, 0)
    own = [
        LogisticRegression(C=c, l1_ratio=KINDS[kind].l1, solver=KINDS[kind].solver, class_weight="balanced",
                           intercept_scaling=INTERCEPT, random_state=0, max_iter=300).fit(given, positive)
        for c in KINDS[kind].strengths
    ]  # fmt: skip
    same = [one for one in own if np.allclose(one.predict_proba(given)[:, 1], line.score(given), atol=1e-6)]
    assert len(same) == 1


def test_scores_are_of_probes_that_did_not_see_them() -> None:
    x, positive = planted(3)
    found = held_out("vectors", x, positive, 5)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=5).split(x, positive)
    for train, test in folds:
        np.testing.assert_allclose(found[test], learnt("vectors", x[train], positive[train], 5).score(x[test]))
    np.testing.assert_array_equal(found, held_out("vectors", x, positive, 5))
