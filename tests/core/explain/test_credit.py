"""Explanations against brute force; certificates against the true optimum."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from core.errors import SelectionError
from core.explain import certificates
from core.explain import credit as explain
from core.explain.credit import redundancy
from core.matrix.covering import coverage_curve
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.registry import METHODS
from core.selection.run import select
from tests.oracles import allowed, credit, features, without_credit
from tests.strategies import OPTIONS, F, quick, tasks


@quick
@given(tasks())
def test_ledger(task):
    matrix, spec, info = task
    selection, sets = select(matrix, spec, info), features(matrix, spec)
    full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    ledger = explain.ledger(matrix, selection, full)
    skip = without_credit(matrix, spec)
    rows, weight, r = selection.rows.tolist(), credit(matrix, spec), spec.multiplicity
    union = {f for i in rows for f in sets[i]}
    current = [i for i, t in zip(rows, selection.round, strict=True) if t == selection.round[-1]]
    for i, active in enumerate(sets):
        active = set(active) - skip
        assert ledger.n_active[i] == len(active)
        assert ledger.redundancy[i] == (len(active & union) / len(active) if active else 1.0)
        gain = sum(weight[f] for f in active if sum(f in sets[j] for j in current) < r)
        assert np.isclose(ledger.gain_now[i], 0 if i in rows else gain)
        assert ledger.budget_in[i] == (full.rows.tolist().index(i) + 1 if allowed(matrix, spec)[i] else -1)
    for k in range(len(rows)):
        mine = slice(ledger.ptr[k], ledger.ptr[k + 1])
        assert np.isclose(sum(weight[f] for f in ledger.feature[mine]), selection.gains[k])
        entries = dict(zip(matrix.row(rows[k]).tolist(), matrix.value[matrix.indptr[rows[k]] :].tolist(), strict=False))
        assert ledger.value[mine].tolist() == [entries[f] for f in ledger.feature[mine].tolist()]
    assert np.array_equal(ledger.redundancy, redundancy(matrix, selection))


@quick
@given(tasks())
def test_a_certificate_never_promises_too_little(task):
    matrix, spec, info = task
    for method in METHODS:
        selection = select(matrix, replace(spec, method=method, options=OPTIONS.get(method, {})), info)
        sets, weight = features(matrix, spec), credit(matrix, spec)
        if "objective" in selection.details:  # see selection/test_gain
            continue
        if selection.weight is not None:
            weight = [0 if f in without_credit(matrix, spec) else w for f, w in enumerate(selection.weight)]

        def worth(rows, sets=sets, weight=weight):
            return sum(w * min(spec.multiplicity, sum(f in sets[i] for i in rows)) for f, w in enumerate(weight))

        certificate = certificates.certificate(matrix, selection)
        free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
        best = max(worth(rows) for rows in combinations(free, len(selection.rows)))
        assert np.isclose(certificate.covered, worth(selection.rows))
        assert certificate.bound >= best - 1e-9
        assert 0 <= certificate.share <= 1
        if best > 0:
            assert certificate.share <= worth(selection.rows) / best + 1e-9


def test_certificate_of_a_full_selection_is_one():
    matrix = FeatureMatrix.from_sets([{0, 1}, {1}, {2}], 3)
    assert certificates.certificate(matrix, select(matrix, SelectionSpec(budget=2))).share == 1.0


@quick
@given(tasks(unit="tokens"))
def test_a_certificate_in_tokens_never_promises_too_little(task):
    matrix, spec, info = task
    sets, weight = features(matrix, spec), credit(matrix, spec)
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
    tokens = np.maximum(info.tokens, 1)
    fits = [
        rows for n in range(len(free) + 1) for rows in combinations(free, n) if tokens[list(rows)].sum() <= spec.budget
    ]

    def worth(rows):
        return sum(w * min(spec.multiplicity, sum(f in sets[i] for i in rows)) for f, w in enumerate(weight))

    for method in ("sae-greedy", "longest-response", "random"):
        selection = select(matrix, replace(spec, method=method, options={}), info)
        certificate = certificates.certificate(matrix, selection, info)
        best = max(map(worth, fits))
        assert np.isclose(certificate.covered, worth(selection.rows))
        assert certificate.bound >= best - 1e-9 and 0 <= certificate.share <= 1
    with pytest.raises(SelectionError, match="needs the token counts"):
        certificates.certificate(matrix, selection)


def test_the_coverage_curve():
    rng = np.random.default_rng(0)
    sets = [set(rng.integers(0, F, 3).tolist()) for _ in range(20)]
    matrix = FeatureMatrix.from_sets(sets, F)
    rows = rng.permutation(20)
    assert coverage_curve(matrix, rows).tolist() == [
        len(set().union(*(sets[i] for i in rows[: k + 1]))) for k in range(20)
    ]
