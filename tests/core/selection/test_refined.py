"""Selections by a refinement's last weights."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.errors import SelectionError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.clustering import allocate
from core.selection.inputs import SampleInfo
from core.selection.run import is_nested, select


def refined_info(rows, label, weight, tokens=None):
    run = SimpleNamespace(rows=np.array(rows), label=np.array(label, np.int32), weight=np.array(weight))
    one = np.ones(len(label), int) if tokens is None else np.array(tokens)
    return SampleInfo(one, one * 0, refined=lambda _: run)


def test_fault_17_a_smaller_budget_follows_the_last_weights_not_the_first_rounds():
    label = [0] * 8 + [1] * 8
    drawn = [0, 8, 1, 9, 2, 10, 11, 12, 13, 14]  # the later rounds drew in cluster 1, whose weight had grown
    matrix, info = FeatureMatrix.from_sets([{0}] * 16, 1), refined_info(drawn, label, [0.2, 0.8])

    def picks(budget, **decisions):
        return select(matrix, SelectionSpec("kmq-iterative", budget, **decisions), info).rows.tolist()

    assert picks(10) == drawn, "the whole run, in its order"
    for budget in range(1, 10):
        got = picks(budget)
        most = np.array([3, 7])
        assert (
            np.bincount(np.array(label)[got], minlength=2).tolist()
            == allocate(np.array([0.2, 0.8]), most, budget).tolist()
        )
        for c in (0, 1):
            mine = [row for row in got if label[row] == c]
            assert mine == [row for row in drawn if label[row] == c][: len(mine)], "inside a cluster as they came"
    assert np.bincount(np.array(label)[picks(5)]).tolist() == [1, 4], "the first five of the run would be 3 and 2"
    assert sorted(picks(9, bans=(0,))) == sorted(set(drawn) - {0})
    assert picks(3, pins=(15,))[0] == 15
    assert not is_nested(SelectionSpec("kmq-iterative", 5))
    with pytest.raises(SelectionError, match="has drawn 10 samples, not 11: refine with a larger budget"):
        picks(11)


def test_fault_17_a_smaller_budget_of_tokens_follows_the_last_weights_too():
    tokens = [10, 10, 10, 10, 5, 5, 5, 5, 5, 5]
    label = [0] * 4 + [1] * 6
    info = refined_info(range(10), label, [0.25, 0.75], tokens)
    matrix = FeatureMatrix.from_sets([{0}] * 10, 1)
    got = select(matrix, SelectionSpec("kmq-iterative", 40, "tokens"), info).rows
    assert np.bincount(np.array(label)[got], np.array(tokens)[got]).tolist() == [10, 30]


def test_fault_17_places_that_a_cluster_cannot_use_bring_new_features():
    sets = [{0, 1}, set(), set(), {0, 1, 4}, {2}, {3}, {0, 1, 4}]  # cluster 0 has three places and one row that gains
    matrix, info = FeatureMatrix.from_sets(sets, 5), refined_info(range(7), [0, 0, 0, 1, 1, 1, 1], [0.75, 0.25])
    got = select(matrix, SelectionSpec("hybrid", 4), info)
    assert got.details["quota"].tolist() == [3, 1]
    assert got.rows.tolist() == [3, 0, 4, 5], "what is left over brings new features, not row 6 again"
    assert got.covered_after.tolist() == [3, 3, 4, 5] and got.round.tolist() == [1, 2, 2, 2]
