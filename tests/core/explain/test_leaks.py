"""What a veto would change, what it leaves running, and how stable a selection is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from scipy.stats import hypergeom

from core.errors import SelectionError
from core.explain import leaks as leak_module
from core.explain.leaks import CHANCE, COSINE, JACCARD, change, leaks
from core.explain.stability import stability, variations
from core.matrix.statistics import hypergeometric_at_least, unit_rows
from core.sae.loading import decoder_directions, sae_digest
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.coverage import resume
from core.selection.run import select
from tests.oracles import cost, features
from tests.strategies import F, quick, tasks


@quick
@given(tasks(weights=("uniform",)), st.integers(0, F - 1), st.sampled_from(["ignore", "block"]))
def test_a_change_is_what_the_two_selections_differ_in(task, feature, mode):
    matrix, spec, info = task
    before = select(matrix, spec, info)
    vetoed = replace(spec, vetoes={**spec.vetoes, feature: mode})
    try:
        after = select(matrix, vetoed, info)
    except SelectionError:  # the veto leaves nothing, or blocks a pin
        reject()
    got, sets = change(matrix.at(spec.theta), before, after, info), features(matrix, spec)
    assert got.entering.tolist() == sorted(set(after.rows) - set(before.rows))
    assert got.leaving.tolist() == sorted(set(before.rows) - set(after.rows))
    counted = [{f for i in s.rows for f in sets[i] if f not in vetoed.vetoes} for s in (before, after)]
    assert got.covered == tuple(map(len, counted))
    tokens = [sum(info.tokens[s.rows].tolist()) for s in (before, after)]
    assert got.tokens == tuple(tokens)
    assert got.mean_length == tuple(t / len(s.rows) for t, s in zip(tokens, (before, after), strict=True))


def noisy_pair(n=200, seed=0):
    """Feature 1 fires nearly where 0 does, 2 half as often where it does, 3 to 19 anywhere."""
    rng = np.random.default_rng(seed)
    dense = rng.random((n, 20)) < 0.3
    dense[:, 1] = dense[:, 0] ^ (rng.random(n) < 0.05)
    dense[:, 2] = dense[:, 0] & (rng.random(n) < 0.4)
    return dense, FeatureMatrix.from_sets([np.flatnonzero(row).tolist() for row in dense], 20)


def test_a_leak_fires_with_what_was_vetoed():
    dense, matrix = noisy_pair()
    (leak,) = leaks(matrix, [0])
    both, either = (dense[:, 0] & dense[:, 1]).sum(), (dense[:, 0] | dense[:, 1]).sum()
    assert (leak.feature, leak.vetoed, leak.together) == (1, 0, both)
    assert np.isclose(leak.jaccard, both / either)
    assert np.isclose(leak.lift, both * 200 / (dense[:, 0].sum() * dense[:, 1].sum()))
    assert np.isnan(leak.cosine)
    assert leaks(matrix, [0, 1]) == []
    assert leaks(matrix, []) == []


def test_a_leak_may_also_point_the_same_way():
    _, matrix = noisy_pair()
    decoder = np.random.default_rng(1).normal(size=(20, 64)).astype(np.float32)
    decoder[2] = 3 * decoder[0] + 0.5 * decoder[2]  # and fires with it more often than chance
    decoder[5] = decoder[0]  # but fires anywhere
    found = leaks(matrix, [0], unit_rows(decoder))
    assert [leak.feature for leak in found] == [2, 1]
    assert found[0].cosine > 0.9
    assert found[0].jaccard < 0.5


def test_decoder_directions_are_read_without_torch(tmp_path):
    import torch
    from safetensors.torch import save_file

    wanted = torch.randn(5, 3)
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        save_file({"W_dec": wanted.to(dtype)}, tmp_path / "sae_weights.safetensors")
        (tmp_path / "cfg.json").write_text("{}")
        got = decoder_directions(str(tmp_path), sae_digest(str(tmp_path)))
        assert got.dtype == np.float32
        assert np.array_equal(got, wanted.to(dtype).float().numpy())
    assert decoder_directions(str(tmp_path), "another") is None
    assert decoder_directions("release/id", "release/id") is None


@quick
@given(tasks(), st.sampled_from(["sae-greedy", "random", "longest-response"]))
def test_stability_counts_how_often_a_pick_comes_back(task, method):
    matrix, spec, info = task
    spec = replace(spec, method=method, vetoes={}, bans=(), pins=())
    selection = select(matrix, spec, info)
    got = stability(selection, lambda other: select(matrix, other, info))
    runs = {name: set(select(matrix, other, info).rows.tolist()) for name, other in variations(spec).items()}
    assert any(name.startswith("seed") for name in runs) == (method == "random")
    assert got.kept == {n: sum(r in rows for r in selection.rows) / len(selection.rows) for n, rows in runs.items()}
    per_pick = [sum(row in rows for rows in runs.values()) / len(runs) for row in selection.rows]
    assert np.allclose(got.of_pick, per_pick)


def test_variations_change_one_thing_each():
    names = list(variations(SelectionSpec(theta=2.0)))
    assert names == ["θ × 0.8", "θ × 1.2", "tokens of prompt", "tokens of response"]
    assert list(variations(SelectionSpec("random", scope="prompt"))) == [
        "tokens of all",
        "tokens of response",
        "seed 1",
        "seed 2",
        "seed 3",
    ]


def test_a_variation_that_cannot_run_is_named():
    matrix = FeatureMatrix.from_sets([{0}, {1}], 2)
    selection = select(matrix, SelectionSpec(budget=1))

    def run(spec):
        raise SelectionError("not in this scope")

    got = stability(selection, run)
    assert got.left_out == {"tokens of prompt": "not in this scope", "tokens of response": "not in this scope"}
    assert got.of_pick.tolist() == [0.0]


@quick
@given(tasks(weights=("uniform",)))
def test_a_change_back_is_the_change_turned_around(task):
    matrix, spec, info = task
    before = select(matrix, spec, info)
    after = resume(before, matrix.at(spec.theta), replace(spec, budget=max(1, spec.budget - 1), pins=()))
    one = change(matrix, before, replace(after, spec=before.spec), info)
    two = change(matrix, replace(after, spec=before.spec), before, info)
    assert one.entering.tolist() == two.leaving.tolist()
    assert one.covered == two.covered[::-1]
    assert sum(cost(info, i) for i in before.rows) >= one.tokens[0]


def leaks_by_scipy(dense, vetoed, cosine):
    """The definition with scipy's distribution over all features: (feature, vetoed, together, lift, jaccard)."""
    n, found = len(dense), {}
    for v in vetoed:
        for f in set(range(dense.shape[1])) - set(vetoed):
            both, either = int((dense[:, v] & dense[:, f]).sum()), int((dense[:, v] | dense[:, f]).sum())
            chance = hypergeom.sf(both - 1, n, dense[:, v].sum(), dense[:, f].sum())
            if not both or chance >= CHANCE / dense.shape[1]:
                continue
            if cosine[v, f] >= COSINE or both / either >= JACCARD:
                lift = both * n / (dense[:, v].sum() * dense[:, f].sum())
                found.setdefault(f, []).append((max(both / either, cosine[v, f]), v, both, lift, both / either))
    best = {f: max(one, key=lambda leak: (leak[0], -leak[1])) for f, one in found.items()}
    order = sorted(best, key=lambda f: (-best[f][0], f))
    return [(f, *best[f][1:]) for f in order]


@pytest.mark.parametrize("seed", range(10))
def test_fault_16_testing_only_what_is_alike_finds_what_testing_all_finds(seed):
    rng = np.random.default_rng(seed)
    dense, _ = noisy_pair(seed=seed)
    for f in range(10, 16):
        dense[:, f] = dense[:, f % 3] ^ (rng.random(200) < rng.uniform(0, 0.4))
    matrix = FeatureMatrix.from_sets([np.flatnonzero(row).tolist() for row in dense], 20)
    directions = unit_rows(rng.normal(size=(20, 3)))
    wanted = leaks_by_scipy(dense, [0, 2], directions @ directions.T)
    found = leaks(matrix, [0, 2], directions)
    assert [(leak.feature, leak.vetoed, leak.together) for leak in found] == [w[:3] for w in wanted]
    assert [leak.lift for leak in found] == pytest.approx([w[3] for w in wanted])
    assert [leak.jaccard for leak in found] == pytest.approx([w[4] for w in wanted])


def test_fault_16_the_hypergeometric_test_is_for_the_few_that_are_alike(monkeypatch):
    tested = []

    def counting(found, *rest):
        tested.append(len(found))
        return hypergeometric_at_least(found, *rest)

    monkeypatch.setattr(leak_module, "hypergeometric_at_least", counting)
    leaks(noisy_pair()[1], [0, 5])
    assert tested == [2, 1], "of 20 features: feature 0 and its twin, and feature 5 alone"
