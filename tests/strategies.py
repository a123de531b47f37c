"""What hypothesis draws in several test files."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from core.matrix.statistics import unit_rows
from core.schema import SCOPES, WEIGHTS, FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from tests.oracles import allowed, cost

quick = settings(max_examples=60)
F = 12  # features of `tasks`
FEW = 9  # features of `sets_of_features`
seeds = st.integers(0, 10**6)
sets_of_features = st.lists(st.sets(st.integers(0, FEW - 1)), min_size=1, max_size=12)


@st.composite
def tasks(draw, unit="samples", weights=WEIGHTS):
    """(matrix, spec, info) with valid vetoes, boosts, pins and bans."""
    n, density = draw(st.integers(1, 10)), draw(st.sampled_from([0.15, 0.4, 0.7]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))  # richer than what hypothesis draws itself
    dense = rng.integers(1, 9, (n, F)) / 4 * (rng.random((n, F)) < density)
    indptr = np.concatenate([[0], (dense > 0).sum(1).cumsum()])
    matrix = FeatureMatrix(indptr, np.nonzero(dense)[1], dense[dense > 0], F, content=rng.random(F) < 0.6)
    theta = draw(st.sampled_from([0.0, 0.5]))
    modes = st.sampled_from(["ignore", "ignore", "block"])
    vetoes = draw(st.dictionaries(st.integers(0, F - 1), modes, max_size=3))
    bans = draw(st.sets(st.integers(0, n - 1), max_size=n // 3))
    boosts = draw(st.dictionaries(st.integers(0, F - 1), st.sampled_from([0.0, 0.5, 4.0]), max_size=2))
    counting = {"weights": draw(st.sampled_from(weights)), "boosts": boosts}
    spec = SelectionSpec(theta=theta, vetoes=vetoes, bans=tuple(bans), **counting)
    free = [i for i in range(n) if allowed(matrix, spec)[i]]
    if not free:
        spec, free = replace(spec, bans=(), vetoes={}), list(range(n))
    pins = tuple(draw(st.lists(st.sampled_from(free), max_size=2, unique=True)))
    info = rich_info(rng, n, matrix.content)
    low = max(1, len(pins)) if unit == "samples" else sum(cost(info, i) for i in pins) + (0 if pins else 14)
    budget = draw(st.integers(low, n if unit == "samples" else low + 40))
    r = draw(st.integers(1, 3))
    return (
        matrix,
        replace(spec, budget=budget, pins=pins, unit=unit, multiplicity=r, seed=draw(st.integers(0, 9))),
        info,
    )


OPTIONS = {
    "deita": {"complexity": "grade", "quality": "grade"},
    "reference-guided": {"reference": "other"},
    "nearest": {"reference": "other"},
    "jaccard": {"reference": "other"},
    "instag": {"tags": "topics"},
}


def rich_info(rng, n, content=None):
    """SampleInfo with everything that a method may ask for."""
    vectors, other = rng.normal(size=(n, 3)), FeatureMatrix.from_sets([set(range(F))] * 3, F)
    tags = FeatureMatrix.from_sets([set(np.flatnonzero(rng.random(5) < 0.4).tolist()) for _ in range(n)], 5)
    tokens = rng.integers(0, 4, n), rng.integers(0, 12, n)
    run = SimpleNamespace(rows=rng.permutation(n), label=rng.integers(0, 3, n).astype(np.int32), weight=rng.random(3))
    kept = [lambda _: vectors, lambda _: tags, lambda *_: other, lambda _: run]
    far = unit_rows(rng.normal(size=(2, 3)))
    labels = np.array(["code", "maths", "prose"])[rng.integers(0, 3, n)]
    scores = {"grade": rng.random(n)}
    return SampleInfo(
        *tokens,
        scores,
        *kept,
        labels=lambda _: labels,
        matrix=varied_matrices(rng, n, content),
        target_vectors=lambda _: far,
    )


def varied_matrices(rng, n, content):
    """Another matrix of n samples for each scope, at any θ; content bool (F,) as in the first."""
    dense = {scope: rng.integers(1, 9, (n, F)) / 4 * (rng.random((n, F)) < 0.4) for scope in SCOPES}
    return lambda scope, theta, lens: replace(FeatureMatrix.from_scipy(csr_array(dense[scope])), content=content).at(
        theta
    )
