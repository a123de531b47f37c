"""Which weight the clusters that are richest in bad samples have, against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from benchmarks.filtered import change, richest, weight_of_richest
from core.refine.config import RefineConfig
from tests.made_runs import write_refinement

samples = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=60)


@given(samples)
def test_the_richest_quarter_is_that_of_a_loop(given_):
    label, spoiled = np.array(given_).astype(int).T
    share = {
        c: sum(bad for own, bad in given_ if own == c) / max(1, sum(own == c for own, _ in given_)) for c in range(9)
    }
    first = sorted(range(9), key=lambda c: (-share[c], c))[:2]
    assert richest(label, spoiled.astype(bool), 9).tolist() == sorted(first)


def test_the_weight_over_the_rounds(workplace):
    config = RefineConfig(workplace.store.key, rounds=2, budget=12, k=4)
    run = write_refinement(workplace, config, ["an answer"], 2)
    spoiled = np.arange(workplace.store.n_samples) % 3 == 0
    found, worst = weight_of_richest(run, spoiled), richest(run.label, spoiled, 4)[0]
    weights = [run.rounds[0].weight, *(one.next_weight for one in run.rounds)]
    assert found.tolist() == pytest.approx([w[worst] / w.sum() for w in weights]) and len(found) == 3


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8, unique=True).filter(lambda v: np.std(v) > 1e-6))
def test_the_interval_of_a_change_is_that_of_scipy(values):
    mean, low, high = change(values)
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(tuple(ttest_1samp(values, 0).confidence_interval()))
    assert np.isnan(change(values[:1])[1:]).all()
