"""sae-gain against its definition, computed for every candidate at every pick, and its two known limits."""

from dataclasses import replace
from itertools import combinations
from math import exp, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.explain.certificates import certificate
from core.explain.rejects import reasons
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.gain import HIGH, NEIGHBOURS, clipped, neighbours
from core.selection.run import select
from tests.oracles import allowed, cost, credit, features
from tests.strategies import F, quick, tasks

RETURNS = {
    "power": lambda t, p: t**p,
    "log": lambda t, p: log1p(t),
    "saturating": lambda t, p: 1 - exp(-t),
    "cap": min,
}
options = st.fixed_dictionaries(
    {
        "returns": st.sampled_from(list(RETURNS)),
        "values": st.sampled_from(["clipped", "binary"]),
        "exponent": st.sampled_from([0.3, 0.5, 1]),
        "cap": st.sampled_from([0.7, 2]),
        "spread": st.sampled_from([0, 0.5]),
    },
    optional={"quality": st.just("grade")},
)
UNITS = np.random.default_rng(5).normal(size=(F, 4))
UNITS = (UNITS / np.linalg.norm(UNITS, axis=1, keepdims=True)).astype(np.float32)


def worth_of(matrix, spec, info):
    """F of a list of rows, word for word."""
    matrix, o = matrix.at(spec.theta), spec.options
    a = np.zeros((matrix.n_samples, F))
    for i in range(matrix.n_samples):
        a[i, matrix.row(i)] = matrix.value[matrix.indptr[i] : matrix.indptr[i + 1]]
    high = [np.quantile(c[c > 0], HIGH, method="inverted_cdf") if (c > 0).any() else 1 for c in a.T]
    a = np.minimum(a / high, 1) if o["values"] == "clipped" else (a > 0).astype(float)
    near = UNITS.astype(float) @ UNITS.T - 2 * np.eye(F)
    passed = [[j for j in np.argsort(-row)[:NEIGHBOURS] if row[j] > 0] for row in near]
    p = np.eye(F) + [
        [o["spread"] * row[j] * (j in best) for j in range(F)] for row, best in zip(near, passed, strict=True)
    ]
    grade = info.scores["grade"]
    q = np.argsort(np.argsort(grade)) / max(len(grade) - 1, 1) if "quality" in o else np.ones(len(grade))
    a = q[:, None] * (a @ p)
    phi, number = RETURNS[o["returns"]], o["cap"] if o["returns"] == "cap" else o["exponent"]
    weight = credit(matrix, spec)
    return lambda rows: sum(w * phi(t, number) for w, t in zip(weight, a[list(rows)].sum(0), strict=True) if t > 0)


@quick
@given(st.one_of(tasks(), tasks(unit="tokens")), options)
def test_every_pick_adds_the_most(task, chosen):
    matrix, spec, info = task
    info, spec = replace(info, directions=lambda lens: UNITS), replace(spec, method="sae-gain", options=chosen)
    got, worth = select(matrix, spec, info), worth_of(matrix, spec, info)
    price = [cost(info, i) if spec.unit == "tokens" else 1 for i in range(matrix.n_samples)]
    picks, budget = list(spec.pins), spec.budget - sum(price[i] for i in spec.pins)
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in picks]
    assert got.rows[: len(picks)].tolist() == picks
    per_cost = [True, False] if spec.unit == "tokens" else [False]
    for row in got.rows[len(picks) :].tolist():
        adds = {i: worth([*picks, i]) - worth(picks) for i in free if i not in picks and price[i] <= budget}
        told = got.details["objective"].added(np.array(picks, np.int64))
        assert np.allclose([told[i] for i in adds], list(adds.values()), atol=1e-5)
        best = [each for each in per_cost if all(
            adds[row] / price[row] ** each >= gain / price[i] ** each - 1e-5 for i, gain in adds.items()
        )]  # fmt: skip
        assert best
        picks, budget, per_cost = [*picks, row], budget - price[row], best
    assert not any(price[i] <= budget for i in free if i not in picks)


@quick
@given(tasks(), options)
def test_it_is_nested_and_its_certificate_holds(task, chosen):
    matrix, spec, info = task
    info, spec = replace(info, directions=lambda lens: UNITS), replace(spec, method="sae-gain", options=chosen)
    got, worth = select(matrix, spec, info), worth_of(matrix, spec, info)
    full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    assert full.rows[: spec.budget].tolist() == got.rows.tolist()
    found = certificate(matrix, got)
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
    best = max(worth(rows) for rows in combinations(free, len(got.rows)))
    assert np.isclose(found.covered, worth(got.rows.tolist()), atol=1e-5)
    assert found.bound >= best - 1e-5
    assert found.of == "gain"
    left = [i for i in range(matrix.n_samples) if i not in got.rows]
    assert all(reasons(matrix, got, info, left))


@quick
@given(tasks())
def test_a_cap_of_one_is_the_first_round_of_greedy_ties_included(task):
    matrix, spec, info = task
    spec = replace(spec, multiplicity=1, weights="uniform", boosts={}, budget=matrix.n_samples)
    greedy = select(matrix, spec, info)
    own = replace(spec, method="sae-gain", options={"returns": "cap", "cap": 1, "values": "binary"})
    first = int((greedy.round == 1).sum()) if (greedy.round > 1).any() else len(greedy.rows)
    assert select(matrix, own, info).rows[:first].tolist() == greedy.rows[:first].tolist()


@quick
@given(tasks(weights=("uniform", "content")))
def test_an_exponent_of_one_sorts_by_mass(task):
    matrix, spec, info = task
    spec = replace(spec, method="sae-gain", options={"exponent": 1, "values": "binary"}, pins=())
    weight, sets = credit(matrix, spec), features(matrix, spec)
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
    by_mass = sorted(free, key=lambda i: (-sum(weight[f] for f in sets[i]), i))
    assert select(matrix, spec, info).rows.tolist() == by_mass[: spec.budget]


def test_values_are_clipped_at_a_high_quantile():
    value = np.array([*range(1, 201), 7], np.float32)
    matrix = FeatureMatrix(np.arange(202), np.array([3] * 200 + [5]), value, 6)
    assert clipped(matrix)[[0, 98, 197, 198, 199, 200]].tolist() == pytest.approx([1 / 198, 0.5, 1, 1, 1, 1])


def test_what_is_spread_goes_to_the_nearest_directions():
    near = neighbours(UNITS)
    cosine = UNITS @ UNITS.T - 2 * np.eye(F)
    for f in range(F):
        wanted = [g for g in np.argsort(-cosine[f])[:NEIGHBOURS] if cosine[f, g] > 0]
        assert near.row(f).tolist() == sorted(wanted)
    spec = SelectionSpec("sae-gain", 1, options={"spread": 0.5})
    with pytest.raises(SelectionError, match="spread of sae-gain needs the SAE's directions"):
        select(FeatureMatrix.from_sets([{0}], 2), spec)
