"""What the page Proof says of a proof's results, against loops over them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.proof.grid import held_out_rows, n_trainable
from core.proof.results import Result, results
from core.proof.store import ProofStore, Run
from core.proof.view import (
    COSTS,
    MARKS,
    best_by_source,
    lines,
    mark,
    ranked,
    saving,
    sizes,
    sources,
    tasks,
    verdict,
)
from tests.strategies import quick

LOSS = st.floats(0.1, 9) | st.just(float("nan"))
METHODS = ("base", "full", "random", "kmq", "sae-greedy")


@st.composite
def made(draw):
    """Results of some methods at some budgets, better or worse than random, surely or not, or not compared."""
    found = []
    for method, budget in sorted(draw(st.sets(st.tuples(st.sampled_from(METHODS), st.integers(1, 3)), max_size=10))):
        if method in MARKS and any(r.method == method for r in found):
            continue
        low, better, high = sorted(draw(st.floats(-1, 1)) for _ in range(3))
        p = draw(st.sampled_from((0.0, 0.05, 0.051, 1.0, float("nan"))))  # unknown with one seed
        if method in (*MARKS, "random") or draw(st.booleans()):
            low = better = high = p = float("nan")
        budget, tokens = 0 if method in MARKS else budget, draw(st.integers(0, 900))
        numbers = (draw(LOSS), 0.1, better, low, high)
        found.append(
            Result(method, budget, 2, budget, tokens, tokens * 0.5, tokens / 10, *numbers, {"b": 1, "a": 2}, {}, p, p)
        )
    return found


@quick
@given(made())
def test_every_method_gets_one_verdict(found):
    said = verdict(found)
    for r in found:
        places = [r in group for group in (said.better, said.worse, said.unclear, said.unknown)]
        if r.method in ("base", "full", "random") or r.better != r.better:
            assert not any(places)
        else:
            known, sure = r.p_holm == r.p_holm, r.p_holm <= 0.05
            neither = known and (not sure or r.better == 0)
            assert places == [sure and r.better > 0, sure and r.better < 0, neither, not known]


@quick
@given(made())
def test_the_saving_is_that_of_the_lowest_loss(found):
    subsets = [r for r in found if r.method not in MARKS and r.loss == r.loss]
    full, said = mark(found, "full"), saving(found)
    if full is None or not subsets:
        assert said is None
        return
    assert said.best in subsets and all(said.best.loss <= r.loss for r in subsets) and said.full is full
    assert said.loss == pytest.approx(said.best.loss - full.loss, nan_ok=True)
    if full.trained_tokens:
        assert said.tokens == pytest.approx((full.trained_tokens - said.best.trained_tokens) / full.trained_tokens)
        assert said.seconds == pytest.approx((full.seconds - said.best.seconds) / full.seconds)


@quick
@given(made(), st.sampled_from(list(COSTS)))
def test_lines_go_from_cheap_to_dear(found, cost):
    drawn = lines(found, cost)
    assert sum(map(len, drawn.values())) == sum(r.method not in MARKS for r in found)
    for method, own in drawn.items():
        costs = [getattr(r, COSTS[cost]) for r in own]
        assert costs == sorted(costs) and {r.method for r in own} == {method}
    losses = [r.loss for r in ranked(found) if r.loss == r.loss]
    assert losses == sorted(losses) and len(ranked(found)) == len(found)


@quick
@given(st.lists(st.integers(4, 2000), min_size=1, max_size=3))
def test_a_first_proof_fits_the_data(counts):
    source = np.repeat([f"part{i}" for i in range(len(counts))], counts)
    held_out, budget = sizes(source)
    left = len(source) - len(held_out_rows(source, held_out, 0))
    assert 1 <= budget <= min(300, left) and 2 <= held_out <= 300


@quick
@given(st.lists(st.dictionaries(st.sampled_from("abc"), LOSS.filter(np.isfinite)), max_size=5))
def test_the_best_of_each_source(losses):
    found = [Result("kmq", i, 1, i, 0, 0, 0, 1, 0, 0, 0, 0, own, {}) for i, own in enumerate(losses)]
    said = best_by_source(found)
    assert set(said) == {name for own in losses for name in own}
    for name, best in said.items():
        lowest = min(own[name] for own in losses if name in own)
        assert best.budget == next(i for i, own in enumerate(losses) if own.get(name) == lowest)


@quick
@given(st.lists(st.integers(8, 40), min_size=1, max_size=3), st.data())
def test_what_full_draws_from(counts, data):
    source = np.repeat([f"part{i}" for i in range(len(counts))], counts)
    bans = data.draw(st.lists(st.integers(0, 3), max_size=2))
    held_out = held_out_rows(source, 2, 0, bans)
    free = set(range(len(source))) - set(held_out.tolist()) - set(bans)
    assert n_trainable(len(source), len(held_out), bans) == len(free)


def test_from_a_database(tmp_path):
    proof, rng = ProofStore(tmp_path / "p.duckdb"), np.random.default_rng(0)
    source = np.array(["a"] * 20 + ["b"] * 10)
    proof.begin({"unit": "samples"}, np.arange(30), source)
    base = rng.normal(3, 0.1, 30)
    for method, gain in (("base", 0.0), ("full", 0.9), ("random", 0.3), ("good", 0.6), ("bad", 0.1), ("same", 0.3)):
        for seed in (0,) if method in MARKS else (0, 1):
            budget = 0 if method in MARKS else 5
            n, noise = {"base": 0, "full": 40}.get(method, 5), 0.01 * (-1.0) ** np.arange(30)
            losses, scores = base - gain + noise * (method == "same"), {"task/acc": gain}
            proof.add(Run(method, budget, seed, np.arange(n), 10 * n, 8 * n, 1.0 * n, 2.0, losses, scores))
    found = results(proof)
    said, saved = verdict(found), saving(found)
    assert [r.method for r in said.better] == ["good"] and [r.method for r in said.worse] == ["bad"]
    assert [r.method for r in said.unclear] == ["same"] and said.unclear[0].better == pytest.approx(0)
    assert saved.best.method == "good" and saved.tokens == pytest.approx(1 - 5 / 40)
    assert saved.loss == pytest.approx(0.3)
    assert [r.method for r in ranked(found)][:2] == ["full", "good"] and ranked(found)[-1].method == "base"
    assert sources(found) == ["a", "b"] and tasks(found) == ["task/acc"]
