"""Methods that steer towards a few examples, against their definitions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.matrix.rows import rows_of
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.coverage import reference_weights
from core.selection.run import select
from tests.oracles import allowed, likeness
from tests.strategies import F, quick, rich_info, tasks


def in_turns(matrix, spec, likeness):
    """The definition: whose turn it is takes the most alike of those left."""
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in spec.pins]
    rows = list(spec.pins)
    while free and len(rows) < spec.budget:
        own = likeness[len(rows) % len(likeness)]
        rows.append(max(free, key=lambda i: (own[i], -i)))
        free.remove(rows[-1])
    return rows


@quick
@given(tasks(), st.data())
def test_the_targets_take_turns(task, data):
    matrix, spec, info = task
    some = data.draw(st.lists(st.integers(0, matrix.n_samples - 1), min_size=1, max_size=3, unique=True))
    spec = replace(spec, sets={"set:some": tuple(some)})
    for method in ("nearest", "jaccard"):
        for name in ("set:some", "other"):
            wanted = replace(spec, method=method, options={"reference": name})
            got, found = select(matrix, wanted, info), likeness(matrix, wanted, info)
            np.testing.assert_allclose(got.details["nearest target"], found.max(0), atol=1e-6)
            if method == "nearest":
                assert got.rows.tolist() == in_turns(matrix, spec, found)
                continue
            assert len(got.rows) == min(spec.budget, sum(allowed(matrix, spec)))
            for k in range(len(spec.pins), len(got.rows)):  # rounding may turn ties round
                own = found[k % len(found)]
                left = [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in got.rows[:k]]
                assert own[got.rows[k]] >= max(own[left]) - 1e-6


def test_reference_guided_steers_to_a_set_as_to_a_store():
    rng = np.random.default_rng(0)
    matrix = FeatureMatrix.from_sets([set(np.flatnonzero(rng.random(F) < 0.3).tolist()) for _ in range(30)], F)
    spec = SelectionSpec("reference-guided", 10, options={"reference": "set:some"}, sets={"set:some": (3, 4, 9)})
    got = select(matrix, spec)
    part = rows_of(matrix, np.array([3, 4, 9]))
    assert [part.row(i).tolist() for i in range(3)] == [matrix.row(i).tolist() for i in (3, 4, 9)]
    assert np.array_equal(got.weight, reference_weights(matrix, part))


def test_targets_of_another_store_have_no_place_among_vectors_of_a_file():
    matrix, info = FeatureMatrix.from_sets([{0}, {1}, {0, 1}], 2), rich_info(np.random.default_rng(0), 3)
    spec = SelectionSpec("nearest", 1, options={"reference": "other", "vectors": "own.npy"})
    with pytest.raises(SelectionError, match=r"samples of the reference other have no vectors in own\.npy"):
        select(matrix, spec, info)
    of_set = replace(spec, options={**spec.options, "reference": "set:a"}, sets={"set:a": (1,)})
    assert select(matrix, of_set, info).rows.tolist() == [1]


def test_what_is_no_target_is_named():
    matrix, spec = FeatureMatrix.from_sets([{0}, {1}], 2), SelectionSpec("jaccard", 1)
    for options, sentence in (
        ({}, "jaccard needs the option reference: a set of samples such as set:NAME"),
        ({"reference": "set:gone"}, "The reference set:gone names no set that is there"),
        ({"reference": "tag:none"}, "The reference tag:none has no samples"),
        ({"reference": "other"}, "jaccard needs the option reference"),
    ):
        with pytest.raises(SelectionError, match=sentence):
            select(matrix, replace(spec, options=options, sets={"tag:none": ()}))
