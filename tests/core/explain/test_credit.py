"""Explanations against brute force; certificates against the true optimum."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from core.errors import SelectionError
from core.explain import certificates
from core.explain import credit as explain
from core.explain.credit import covering_picks, redundancy
from core.matrix.covering import coverage_curve
from core.matrix.statistics import length_effect
from core.matrix.threshold import QUANTILES, default_theta
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.registry import METHODS
from core.selection.run import select
from tests.core.selection.test_coverage import OPTIONS, F, allowed, credit, features, quick, tasks


@quick
@given(tasks())
def test_ledger(task):
    matrix, spec, info = task
    selection, sets = select(matrix, spec, info), features(matrix, spec)
    full = select(matrix, replace(spec, budget=matrix.n_samples), info)
    ledger = explain.ledger(matrix, selection, full)
    skip = {f for f, mode in spec.vetoes.items() if mode == "ignore"}
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
def test_covering_picks(task):
    matrix, spec, info = task
    selection, sets = select(matrix, spec, info), features(matrix, spec)
    for sample, active in enumerate(sets):
        found = {}
        for f in active:
            ranks = [k for k, i in enumerate(selection.rows) if f in sets[i]]
            if ranks and spec.vetoes.get(f) != "ignore":
                found.setdefault(ranks[0], []).append(f)
        expected = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        got = covering_picks(matrix, selection, sample)
        assert [(p.rank, p.features.tolist()) for p in got] == expected
        assert all(p.row == selection.rows[p.rank] and p.n_features == len(p.features) for p in got)


@quick
@given(tasks())
def test_a_certificate_never_promises_too_little(task):
    matrix, spec, info = task
    for method in METHODS:
        selection = select(matrix, replace(spec, method=method, options=OPTIONS.get(method, {})), info)
        sets, weight = features(matrix, spec), credit(matrix, spec)
        if selection.weight is not None:
            weight = [w if spec.vetoes.get(f) != "ignore" else 0 for f, w in enumerate(selection.weight)]

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
    tokens = select(matrix, SelectionSpec(budget=2))
    with pytest.raises(SelectionError, match="budget in samples"):
        certificates.certificate(matrix, replace(tokens, spec=replace(tokens.spec, unit="tokens")))


def test_the_coverage_curve():
    rng = np.random.default_rng(0)
    sets = [set(rng.integers(0, F, 3).tolist()) for _ in range(20)]
    matrix = FeatureMatrix.from_sets(sets, F)
    rows = rng.permutation(20)
    assert coverage_curve(matrix, rows).tolist() == [
        len(set().union(*(sets[i] for i in rows[: k + 1]))) for k in range(20)
    ]


def test_length_effect():
    matrix = FeatureMatrix.from_sets([{0}, {0, 1}, {0, 1, 2}], 3)
    effect = length_effect(matrix, np.array([10, 20, 30]))
    assert np.isclose([effect.pearson, effect.spearman], 1).all()
    assert effect.n == 3
    assert np.isnan(length_effect(matrix, np.array([5, 5, 5])).pearson)
    assert length_effect(matrix, np.array([10, np.nan, 30])).n == 2


def test_default_theta_leaves_room_for_a_choice():
    rng = np.random.default_rng(0)
    dense = rng.exponential(size=(400, 1500)) * (rng.random((400, 1500)) < 0.1)
    indptr = np.concatenate([[0], (dense > 0).sum(1).cumsum()])
    matrix = FeatureMatrix(indptr, np.nonzero(dense)[1], dense[dense > 0], 1500)
    theta, table = default_theta(matrix)
    assert [row.quantile for row in table] == list(QUANTILES)
    chosen = next(row for row in table if row.theta == theta)
    assert any(row.at_tenth < 0.9 for row in table)
    assert abs(chosen.at_tenth - 0.9) == min(abs(row.at_tenth - 0.9) for row in table if row.mean_active >= 5)
    for row in table[::4]:
        at = matrix.at(row.theta)
        coverable = len(set(at.feature.tolist()))
        assert (row.coverable, row.mean_active) == (coverable, len(at.feature) / 400)
        curve = coverage_curve(at, select(at, SelectionSpec(budget=80)).rows) / coverable
        assert np.allclose((row.at_hundredth, row.at_twentieth, row.at_tenth), curve[[3, 19, 39]])
    assert default_theta(FeatureMatrix.from_sets([set()], 3)) == (0.0, [])


def test_default_theta_asks_less_of_a_large_data_set():
    rng = np.random.default_rng(1)
    feature = np.concatenate([rng.permutation(1000)[:8] for _ in range(4000)])
    order = np.argsort(np.repeat(np.arange(4000), 8) * 1000 + feature)
    matrix = FeatureMatrix(np.arange(0, 32_001, 8), feature[order], np.ones(32_000), 1000)
    theta, table = default_theta(matrix)
    assert table[0].at_tenth > 0.99 and table[0].at_twentieth > 0.9 > table[0].at_hundredth
    assert theta == 0.0


def test_default_theta_falls_back_to_five_features_a_sample():
    matrix = FeatureMatrix.from_sets([set(range(6))] * 20, 6)
    theta, table = default_theta(matrix)
    assert theta == 0.0
    assert table[0].at_tenth == 1.0
