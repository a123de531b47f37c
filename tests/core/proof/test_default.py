"""The rule for the dashboard's default, against loops over made-up results."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.default import told
from core.errors import StoreError
from core.proof.default import Proven, beaten, judged, read_proven
from core.proof.intervals import difference, holm
from core.schema import LENSES
from core.selection import registry
from core.system.files import PROJECT

METHODS = ("random", "longest-response", "sae-greedy", "sae-greedy:lens=topics", "sae-simscale", "sae-gain:lens=topics")
SOURCE = np.array(["a"] * 20 + ["b"] * 20)


def pool(levels, seed=0, spoiled=None, budgets=(10,), noise=0.01, more=()):
    """Losses of three models of each method, about its level."""
    rng = np.random.default_rng(seed)
    losses = {(m, b): level + noise * rng.normal(size=(3, 40)) for m, level in levels.items() for b in budgets}
    marks = {("full", 0): np.zeros((3, 40)), ("base", 0): np.full((1, 40), 9.0)}
    shares = {(m, b): share for m, share in (spoiled or {}).items() for b in budgets}
    return Proven(losses | marks | dict(more), SOURCE, shares)


@settings(max_examples=20)
@given(st.lists(st.sampled_from((1.0, 1.005, 1.2)), min_size=3, max_size=6), st.integers(0, 99))
def test_a_method_is_beaten_where_any_other_is_better_beyond_chance(levels, seed):
    made = pool(dict(zip(METHODS, levels, strict=False)), seed, budgets=(10, 20))
    ran = [key for key in made.losses if key[1]]
    pairs = [(x, y) for x in ran for y in ran if x < y and x[1] == y[1]]
    p = holm([difference(made.losses[x], made.losses[y], SOURCE).p for x, y in pairs])
    expected = set()
    for (x, y), value in zip(pairs, p, strict=True):
        if value <= 0.05:
            expected.add(max(x, y, key=lambda key: made.losses[key].mean())[0])
    assert set(beaten([made])) == expected
    assert {one.method for one in judged([made]) if one.worse} == expected - set(METHODS[:2])


def test_the_steps_of_the_rule_in_their_order():
    alike = dict.fromkeys(METHODS, 1.0)
    assert judged([pool(alike)])[0].explains == 0, "of equals the one that explains best"
    spoiled = dict.fromkeys(METHODS, 0.2) | {"random": 0.01, "sae-simscale": 0.05, "sae-gain:lens=topics": 0.055}
    assert judged([pool(alike, spoiled=spoiled)])[0].method == "sae-simscale", "fewer spoiled come before explaining"
    worse = judged([pool(alike | {"sae-simscale": 1.5}, spoiled=spoiled)])
    assert worse[0].method == METHODS[5] and worse[-1].method == "sae-simscale", "loss comes before spoiled ones"
    assert (
        worse[-1].worse
        and worse[-1].behind == pytest.approx(0.5, abs=0.02)
        and told(worse).startswith(f"The default: {METHODS[5]}\n")
    )
    two = judged([pool(alike), pool({m: v + 0.5 * (m == "sae-greedy") for m, v in alike.items()}, 1)])
    assert two[0].method == "sae-greedy:lens=topics" and two[-1].method == "sae-greedy", "in any pool"


def test_what_gives_no_reasons_is_no_default_but_a_rival():
    levels = dict.fromkeys(METHODS, 1.5) | {"random": 1.0, "sae-simscale": 1.2}
    chance = judged([pool(levels), pool(dict.fromkeys(METHODS, 1.0) | {"sae-simscale": 1.1})])
    assert len(chance) == 4 and all(one.worse.startswith("random at") for one in chance)
    assert chance[0].behind == pytest.approx(0.2, abs=0.02) and chance[-1].behind == pytest.approx(0.5, abs=0.02)
    assert told(chance).startswith("The default: sae-simscale, which is least behind")


def test_only_what_selects_by_features_alone_and_was_run_everywhere_is_asked():
    levels = dict.fromkeys((*METHODS, "kmq", "hybrid", "k-center", "sae-greedy:quota=set:bad<=0"), 1.0)
    few = {("sae-gain", 10): np.ones((1, 40)), ("consensus", 20): np.ones((3, 40)), ("random", 20): np.ones((1, 40))}
    assert judged([pool(levels, more=few | {("jaccard", 20): np.ones((2, 40))})]) == [], "nothing else was run at 20"
    found = judged([pool(levels, more=few)])
    assert {one.method for one in found} == {*METHODS[2:]}
    both = judged([pool(levels), pool({"random": 1.0, "kmq": 1.0, METHODS[2]: 1.0})])
    assert [one.method for one in both] == [METHODS[2]]
    assert judged([]) == [] and told([]) == "The default: none"


def test_results_are_read_from_their_file(tmp_path):
    content = json.loads((PROJECT / "docs" / "proof.json").read_text(encoding="utf-8"))
    picks = [{"method": "random", "budget": b, "spoiled": {"clean": 0.9, "cut": 0.1 - b / 1e4}} for b in (300, 1000)]
    path = tmp_path / "proof.json"
    for run in content["runs"]:
        run["method"] += ":lens=tokens" * (run["method"] == "kmq")
    path.write_text(json.dumps({**content, "picks": [*picks, {"method": "kmq", "budget": 300}]}), encoding="utf-8")
    found = read_proven(path)
    assert found.spoiled == {("random", 300): pytest.approx(0.1), ("random", 1000): pytest.approx(0.1)}
    assert found.losses["kmq", 300].shape == (3, 1200) and len(found.source) == 1200
    path.write_text("[]")
    with pytest.raises(StoreError, match="holds no results of a proof"):
        read_proven(path)


def test_the_dashboard_begins_with_what_the_published_results_say():
    found = judged([read_proven(PROJECT / "docs" / name) for name in ("proof.json", "proof-dirty.json")])
    assert found[0].method == f"{next(iter(registry.METHODS))}:lens={LENSES[0]}"
