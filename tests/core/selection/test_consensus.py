"""consensus, held against counting at every budget how many variations have picked a sample."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError, StoreError
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.consensus import OVER
from core.selection.inputs import SampleInfo
from core.selection.run import select
from tests.oracles import allowed, majority, varied_orders
from tests.strategies import quick, tasks


@quick
@given(tasks(), st.sampled_from(OVER))
def test_a_sample_enters_with_the_budget_at_which_most_variations_have_it(task, over):
    matrix, spec, info = task
    n = matrix.n_samples
    asked = replace(spec, method="consensus", budget=n, options={"over": over})
    orders = varied_orders(matrix, spec, info, over)
    others = [row for row in range(n) if row not in spec.pins]
    wanted = [*spec.pins, *sorted(others, key=lambda row: majority(orders, row, n))]
    found = select(matrix, asked, info).rows.tolist()
    assert found == [row for row in wanted if allowed(matrix, spec)[row]]
    for budget in range(max(1, len(spec.pins)), n):
        assert select(matrix, replace(asked, budget=budget), info).rows.tolist() == found[:budget]


def test_scopes_that_the_store_lacks_do_not_vote():
    matrix = FeatureMatrix.from_sets([{0}, {0, 1}, {2}], 3)

    def none(scope, theta, lens):
        raise StoreError("no such scope")

    info, spec = SampleInfo(np.ones(3), np.ones(3), matrix=none), SelectionSpec("consensus", 3)
    assert select(matrix, spec, info).rows.tolist() == select(matrix, SelectionSpec(budget=3)).rows.tolist()
    with pytest.raises(SelectionError, match="needs other matrices"):
        select(matrix, spec)
