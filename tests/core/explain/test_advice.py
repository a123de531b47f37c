"""The knee, the milestones and the sentence of a curve, held against a walk over it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.explain.advice import MILESTONES, advice, knee

curves = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 12)), min_size=1, max_size=30)


def arrays(steps):
    cost, gain = np.array(steps).T
    return np.cumsum(cost), np.cumsum(gain)


@given(curves)
def test_the_knee_is_farthest_from_the_chord(steps):
    spent, covered = arrays(steps)
    x = y = 0
    points = []
    for cost, gain in steps:
        x, y = x + cost, y + gain
        points.append((x, y))
    top = next(i for i, (_, y) in enumerate(points) if y == points[-1][1])
    right, high = points[top]
    # how far a point lies above the line from (0, 0) to (right, high), times what is the same for all points
    above = [y * right - x * high for x, y in points[: top + 1]]
    best = knee(spent, covered)
    assert best <= top and above[best] == max(above)


@given(curves, st.integers(0, 400))
def test_milestones_and_later_gains_are_those_of_a_walk(steps, more):
    spent, covered = arrays(steps)
    found = advice(spent, covered, coverable := int(covered[-1]) + more)
    for share in MILESTONES:
        walked = [int(s) for s, c in zip(spent, covered, strict=True) if c >= share * coverable - 1e-9]
        assert found.milestones.get(share) == (walked[0] if walked else None)
    later = [gain for (_, gain), s in zip(steps, spent, strict=True) if s > found.knee]
    assert found.most_later == max(later, default=0)
    told = found.told("topic")
    assert told.endswith(".") and (f"fewer than {found.most_later + 1:,} new" in told) == (found.most_later > 0)


@pytest.mark.parametrize(
    ("gains", "coverable", "sentence"),
    [
        (
            [40, 30, 20, 2, 2, 1, 1, 0],
            100,
            "6 samples cover 95% of the topics; beyond 3 each further one brings fewer than 3 new ones.",
        ),
        ([90], 100, "1 sample covers 90% of the topics; beyond 1 sample nothing new comes."),
        ([10, 9], 100, "2 samples cover 19.0% of the topics; beyond 1 each further one brings fewer than 10 new ones."),
    ],
)
def test_the_sentence(gains, coverable, sentence):
    spent = np.arange(1, len(gains) + 1)
    assert advice(spent, np.cumsum(gains), coverable).told("topic") == sentence


def test_the_sentence_of_a_budget_in_tokens():
    found = advice(np.array([100, 1_200, 1_500]), np.array([80, 95, 96]), 100)
    assert found.told("feature", "tokens") == (
        "1,200 tokens cover 95% of the features; beyond 100 tokens each further sample brings fewer than 16 new ones."
    )
