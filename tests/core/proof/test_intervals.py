"""The proof's intervals against scipy's tests, and how often they hold what is true; Holm against statsmodels."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, ttest_ind, ttest_rel
from statsmodels.stats.multitest import multipletests

from benchmarks.intervals import comparisons, coverage, with_models
from benchmarks.proof import again
from benchmarks.proof_table import tables
from core.proof.intervals import difference, holm, macro_mean

PROOF = Path(__file__).resolve().parents[3] / "docs" / "proof.json"
DIRTY = PROOF.with_name("proof-dirty.json")
seeds = st.integers(0, 10**6)


@given(st.integers(2, 6), st.integers(2, 6), seeds)
def test_where_only_models_vary_it_is_welchs_test(s, r, seed):
    rng, source = np.random.default_rng(seed), np.array(["a"] * 4 + ["b"] * 9)
    own, other = (np.repeat(rng.normal(0, spread, (n, 1)), 13, axis=1) for spread, n in ((1, s), (3, r)))
    found, peer = difference(own, other, source), ttest_ind(other[:, 0], own[:, 0], equal_var=False)
    assert found.value == pytest.approx(other.mean() - own.mean())
    assert (found.low, found.high) == pytest.approx(tuple(peer.confidence_interval()))
    assert found.p == pytest.approx(peer.pvalue)


@given(st.integers(2, 40), seeds)
def test_where_only_samples_vary_it_is_the_paired_t_test(h, seed):
    rng = np.random.default_rng(seed)
    own, other = rng.normal(size=(2, h))
    found, peer = difference(np.tile(own, (3, 1)), np.tile(other, (2, 1)), np.repeat("a", h)), ttest_rel(other, own)
    assert (found.low, found.high) == pytest.approx(tuple(peer.confidence_interval()))
    assert found.p == pytest.approx(peer.pvalue)


@given(st.integers(2, 4), st.integers(2, 4), seeds)
def test_a_sample_without_a_loss_is_left_out(s, r, seed):
    rng, source = np.random.default_rng(seed), np.array(["a"] * 6 + ["b"] * 5)
    own, other = rng.normal(size=(s, 11)), rng.normal(size=(r, 11))
    own[:, [2, 7]] = np.nan
    kept = np.isfinite(own[0])
    assert difference(own, other, source) == difference(own[:, kept], other[:, kept], source[kept])
    assert difference(own, other, source).value == pytest.approx(macro_mean(other.mean(0) - own.mean(0), source))


def test_what_cannot_be_known_is_nan_and_what_is_certain_is_a_point():
    source = np.array(["a"] * 30 + ["b"] * 20)
    sure = difference(np.zeros((3, 50)), np.ones((2, 50)), source)
    assert (sure.value, sure.low, sure.high, sure.p) == (1, 1, 1, 0)
    assert difference(np.ones((3, 50)), np.ones((2, 50)), source).p == 1
    rng = np.random.default_rng(0)
    for own, other, names in (
        (rng.normal(size=(1, 50)), rng.normal(size=(3, 50)), source),  # one model tells nothing of another
        (rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), np.array(["a", "a", "b"])),
        (np.full((2, 3), np.nan), np.ones((2, 3)), np.array(["a", "a", "b"])),
    ):
        found = difference(own, other, names)
        assert np.isnan([found.low, found.high, found.p]).all()
        assert found.value == pytest.approx(macro_mean(other.mean(0) - own.mean(0), names), nan_ok=True)


@settings(max_examples=20)  # the peer takes a tenth of a second
@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=20))
def test_holm_is_that_of_statsmodels(p):
    known = [value for value in p if value == value]
    found = holm(p)
    assert np.isnan(found).tolist() == [value != value for value in p]
    if known:
        assert found[np.isfinite(found)].tolist() == pytest.approx(multipletests(known, method="holm")[1].tolist())


@pytest.mark.parametrize("models", [3, 5])
def test_fault_4_intervals_of_95_percent_hold_95_percent(models):
    """Of 1,000 proofs of the shape and spreads of docs/proof.json; a percentile bootstrap holds 89 and 92 %."""
    n = 1000
    least = int(binom.ppf(0.02, n, 0.95))
    assert least / n >= 0.934
    for cases in (comparisons(), with_models(comparisons(), both=True)):
        assert coverage(cases, models, n, np.random.default_rng(models)) * n >= least


@pytest.mark.parametrize("path", [PROOF, DIRTY])
def test_results_made_anew_are_the_published_ones(path, tmp_path):
    published = path.read_text(encoding="utf-8")
    assert np.diff(json.loads(published)["held_out"]).max() > 1, "not counted through: rows of the pool"
    (tmp_path / path.name).write_text(published, encoding="utf-8")
    again(tmp_path / path.name)
    assert (tmp_path / path.name).read_text(encoding="utf-8") == published


def test_fault_4_the_published_table_is_that_of_these_intervals():
    found = {(r["method"], r["budget"]): r for r in json.loads(PROOF.read_text(encoding="utf-8"))["results"]}
    simscale = found["sae-simscale", 1000]
    assert simscale["better"] < 0 and simscale["p_holm"] > 0.05, "it is not shown to be worse than random"
    holds = {key for key, r in found.items() if r["p_holm"] is not None and r["p_holm"] <= 0.05}
    assert holds >= {("longest-response", 300), ("repr-filter", 300), ("repr-filter", 1000)}


def test_the_tables_of_the_documentation_are_those_of_the_results():
    text = (PROOF.parent / "evidence.md").read_text(encoding="utf-8")
    for path, measured in ((PROOF, ()), (DIRTY, ()), (DIRTY, ("gsm8k",))):
        for table in tables(path, measured).split("\n\n"):
            assert table in text
