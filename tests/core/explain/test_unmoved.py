"""Why a boost changes nothing: each reason in a case of its own, and what it proposes does change the selection."""

from dataclasses import replace

import pytest

from core.explain.unmoved import unmoved
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select

SETS = [{0, 1, 2}, {0, 3}, {4, 5}, {0}]
MATRIX = FeatureMatrix.from_sets(SETS, 7)  # nobody has feature 6
SPEC = SelectionSpec("sae-greedy", 2, lens="topics", theta=0.2)


def told(spec, features=(0,)):
    without, selection = select(MATRIX, replace(spec, boosts={})), select(MATRIX, spec)
    assert set(selection.rows.tolist()) == set(without.rows.tolist())
    return unmoved(MATRIX, selection, features)


@pytest.mark.parametrize(
    ("changes", "features", "why"),
    [
        ({"method": "random", "boosts": {0: 3.0}}, (0,), "random does not count topics"),
        ({"vetoes": {0: "ignore"}, "boosts": {0: 3.0}}, (0,), "What is ignored earns nothing"),
        ({"boosts": {6: 3.0}}, (6,), "No sample has it at θ = 0.2."),
        ({"bans": (2,), "boosts": {5: 3.0}}, (5,), "No sample that may be kept has it."),
        ({"boosts": {1: 3.0, 2: 3.0}}, (1, 2), "All samples that have one of them are kept already."),
        ({"boosts": {0: 0.5}}, (0,), "Of the 3 samples that have it, 1 are kept, for the other topics"),
        ({"boosts": {0: 3.0}}, (0,), "A multiplicity above 1 (under Advanced) or a larger budget lets more in."),
        ({"boosts": {3: 1.5}}, (3,), "A larger factor or a larger budget lets more in."),
    ],
)
def test_each_reason_is_told(changes, features, why):
    assert why in told(replace(SPEC, **changes), features)


def test_what_is_proposed_lets_more_in():
    for spec in (
        replace(SPEC, boosts={0: 3.0}, multiplicity=2),
        replace(SPEC, boosts={0: 3.0}, budget=3),
        replace(SPEC, boosts={3: 3.0}),
    ):
        rows = select(MATRIX, spec).rows.tolist()
        assert sum(bool({0, 3} & SETS[row]) for row in rows) > 1
