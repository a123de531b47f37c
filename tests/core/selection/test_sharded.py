"""Greedy over shards: one shard is plain greedy, several keep the bound, and the certificate is that of the whole."""

from dataclasses import replace
from itertools import combinations
from math import e

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.explain.certificates import certificate
from core.explain.shard_certificates import certificate_over
from core.matrix.rows import rows_of, stacked
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select
from core.selection.sharded import select_sharded
from tests.factories import shards_of
from tests.oracles import allowed, credit
from tests.strategies import F, quick, sets_of_features, tasks


def brute_value(matrix, spec, rows):
    """The weight that rows cover, each feature at most r times, counted in plain Python."""
    weight, kept = credit(matrix, spec), matrix.at(spec.theta)
    counts = [sum(f in kept.row(row) for row in rows) for f in range(F)]
    return sum(w * min(n, spec.multiplicity) for w, n in zip(weight, counts, strict=True))


@quick
@given(tasks(), st.integers(2, 4))
def test_one_shard_is_select(task, n):
    matrix, spec, _ = task
    found, plain = select_sharded(shards_of(matrix, 1), spec), select(matrix, spec)
    assert found.rows.tolist() == plain.rows.tolist() and found.round.tolist() == plain.round.tolist()
    assert found.gains.tolist() == plain.gains.tolist() and found.covered_after.tolist() == plain.covered_after.tolist()
    assert found.spec == spec
    several = select_sharded(shards_of(matrix, n), spec)
    assert len(several.rows) == len(plain.rows) == len(set(several.rows.tolist()))
    assert set(spec.pins) <= set(several.rows.tolist()) and not set(spec.bans) & set(several.rows.tolist())
    assert all(allowed(matrix, spec)[row] for row in several.rows)


@quick
@given(tasks(), st.integers(1, 5), st.integers(1, 4))
def test_the_bound_holds(task, n, budget):
    matrix, spec, _ = task
    free = [row for row in range(matrix.n_samples) if allowed(matrix, spec)[row]]
    k = min(budget, len(free))
    spec = replace(spec, pins=(), budget=k)
    best = max(brute_value(matrix, spec, rows) for rows in combinations(free, k))
    found = select_sharded(shards_of(matrix, n), spec)
    value = brute_value(matrix, spec, found.rows.tolist())
    assert value >= (1 - 1 / e) / min(n, k) * best - 1e-9
    certified = certificate_over(shards_of(matrix, n), found)
    assert certified.covered == pytest.approx(value) and certified.bound >= best - 1e-9


@quick
@given(tasks(), st.integers(1, 5))
def test_the_certificate_is_that_of_the_whole_matrix(task, n):
    matrix, spec, info = task
    found = select_sharded(shards_of(matrix, n), spec)
    whole, by_shards = certificate(matrix, found, info), certificate_over(shards_of(matrix, n), found)
    assert by_shards.covered == pytest.approx(whole.covered) and by_shards.bound == pytest.approx(whole.bound)


@quick
@given(sets_of_features, st.integers(1, 4), st.integers(1, 6))
def test_candidates_are_merged_as_the_paper_says(sets, n, budget):
    matrix = FeatureMatrix.from_sets(sets, 9)
    budget = min(budget, len(sets))

    spec, whole = SelectionSpec("sae-greedy", budget=budget), list(shards_of(matrix, n)())

    def value(rows):
        return len(set().union(*(sets[row] for row in rows)))

    def greedy(rows):
        picks = []
        while rows and len(picks) < budget:
            picks.append(max(rows, key=lambda row: (value([*picks, row]), -row)))
        return picks

    ends = np.cumsum([0, *(shard.n_samples for shard in whole)])
    parts = [
        (select(shard, replace(spec, budget=min(budget, shard.n_samples))).rows + first).tolist()
        for shard, first in zip(whole, ends, strict=False)
    ]
    best = max(map(value, [greedy(sorted({row for part in parts for row in part})), *parts]))
    assert select_sharded(shards_of(matrix, n), spec).covered_after[-1] == best


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"method": "random"}, "are for sae-greedy"),
        ({"unit": "tokens"}, "are for sae-greedy"),
        ({"quotas": ("source:code<=1",)}, "are for sae-greedy"),
        ({"budget": 7}, "for a budget of 7"),
        ({"pins": (0, 1, 2)}, "pins are more than the budget"),
        ({"bans": (9,)}, "no row 9"),
        ({"bans": (0, 1, 2, 3)}, "0 of the 4 samples"),
        ({"pins": (3,), "vetoes": {2: "block"}}, "pinned and blocked"),
    ],
)
def test_what_shards_cannot_do_is_said(changed, said):
    matrix = FeatureMatrix.from_sets([{0}, {1}, {0, 1}, {2}], 3)
    with pytest.raises(SelectionError, match=said):
        select_sharded(shards_of(matrix, 2), SelectionSpec(**{"method": "sae-greedy", "budget": 2, **changed}))


@quick
@given(sets_of_features, st.data())
def test_rows_and_stacks(sets, data):
    matrix = FeatureMatrix.from_sets(sets, 9)
    rows = np.array(data.draw(st.lists(st.integers(0, len(sets) - 1))), np.int64)
    found = rows_of(matrix, rows)
    assert [set(found.row(i).tolist()) for i in range(len(rows))] == [sets[row] for row in rows]
    cut = data.draw(st.integers(0, len(sets)))
    both = stacked([rows_of(matrix, np.arange(cut)), rows_of(matrix, np.arange(cut, len(sets)))])
    for name in ("indptr", "feature", "value"):
        np.testing.assert_array_equal(getattr(both, name), getattr(matrix, name))
