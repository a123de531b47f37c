"""The table of thetas against the curves it is made of, and which θ is chosen from it."""

import numpy as np
from scipy import sparse

from core.matrix.covering import coverage_curve
from core.matrix.threshold import QUANTILES, at_theta, chosen_theta, theta_table
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select


def test_the_chosen_theta_leaves_room_for_a_choice():
    rng = np.random.default_rng(0)
    dense = rng.exponential(size=(400, 1500)) * (rng.random((400, 1500)) < 0.1)
    indptr = np.concatenate([[0], (dense > 0).sum(1).cumsum()])
    matrix = FeatureMatrix(indptr, np.nonzero(dense)[1], dense[dense > 0], 1500)
    table = theta_table(matrix)
    theta = chosen_theta(table)
    assert [row.quantile for row in table] == list(QUANTILES)
    chosen = next(row for row in table if row.theta == theta)
    assert any(row.at_tenth < 0.9 for row in table)
    assert abs(chosen.at_tenth - 0.9) == min(abs(row.at_tenth - 0.9) for row in table if row.mean_active >= 5)
    for row in table[::4]:
        at = matrix.at(row.theta)
        coverable = len(set(at.feature.tolist()))
        assert (row.coverable, row.mean_active) == (coverable, len(at.feature) / 400)
        curve = coverage_curve(at, select(at, SelectionSpec(budget=80)).rows) / coverable
        assert np.allclose((row.at_hundredth, row.at_twentieth, row.at_tenth), curve[[3, 19, 39]])
    assert theta_table(FeatureMatrix.from_sets([set()], 3)) == [] and chosen_theta([]) == 0.0


def test_what_is_not_above_zero_is_not_active():
    csr = sparse.csr_matrix(([0.0, 0.0, -3.0, 1.0], [0, 1, 2, 0], [0, 3, 4]), (2, 3))
    matrix = FeatureMatrix.from_scipy(csr)
    assert select(matrix, SelectionSpec(budget=1)).rows.tolist() == [1]
    assert at_theta(matrix, 0).counts.tolist() == [0, 1]
    plain = FeatureMatrix.from_sets([{0}, {1}], 2)
    assert at_theta(plain, 0) is plain


def test_a_matrix_leaves_the_arrays_it_is_made_of_writable():
    indptr, feature, value = np.array([0, 1]), np.array([0], np.int32), np.ones(1, np.float32)
    matrix = FeatureMatrix(indptr, feature, value, 1)
    assert indptr.flags.writeable and feature.flags.writeable and not matrix.feature.flags.writeable


def test_the_chosen_theta_asks_less_of_a_large_data_set():
    rng = np.random.default_rng(1)
    feature = np.concatenate([rng.permutation(1000)[:8] for _ in range(4000)])
    order = np.argsort(np.repeat(np.arange(4000), 8) * 1000 + feature)
    matrix = FeatureMatrix(np.arange(0, 32_001, 8), feature[order], np.ones(32_000), 1000)
    table = theta_table(matrix)
    theta = chosen_theta(table)
    assert table[0].at_tenth > 0.99 and table[0].at_twentieth > 0.9 > table[0].at_hundredth
    assert theta == 0.0


def test_the_chosen_theta_falls_back_to_five_features_a_sample():
    matrix = FeatureMatrix.from_sets([set(range(6))] * 20, 6)
    table = theta_table(matrix)
    theta = chosen_theta(table)
    assert theta == 0.0
    assert table[0].at_tenth == 1.0
