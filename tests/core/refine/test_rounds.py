"""Iterative refinement: the update by hand, draws against their weights, a real run killed at every step."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from core.errors import SaelectError, SelectionError
from core.lm.fine_tuning import TrainConfig
from core.refine import rounds
from core.refine.config import RefineConfig
from core.refine.rounds import draw, first_weights, mean_gaps, places, refine, shares, updated
from core.refine.runs import read_run, round_table, runs_of
from core.schema import SelectionSpec
from core.selection.clustering import allocate
from core.selection.run import select
from core.system import kept
from core.system.kept import write_json

QUICK = TrainConfig(rank=2, batch=4, max_tokens=64, learning_rate=1e-2)


# --- the update


def test_the_update_by_hand():
    # w = (1/2, 1/4, 1/4), s = (ln 2, 0, −ln 2): products 1, 1/4, 1/8; sum 11/8
    found = updated(np.array([0.5, 0.25, 0.25]), np.array([np.log(2), 0.0, -np.log(2)]))
    assert found == pytest.approx([8 / 11, 2 / 11, 1 / 11])


def test_a_cluster_without_a_score_keeps_its_place():
    found = updated(np.array([0.5, 0.5, 0.0]), np.array([np.nan, 0.0, 5.0]))
    assert found == pytest.approx([0.5, 0.5, 0.0])


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(-1e6, 1e6)), min_size=1, max_size=8))
def test_weights_stay_weights(pairs):
    weight, gap = (np.array(column) for column in zip(*pairs, strict=True))
    found = updated(weight / weight.sum(), gap)
    assert found.sum() == pytest.approx(1) and (found >= 0).all() and np.isfinite(found).all()
    order = np.argsort(np.clip(gap, -30, 30) + np.log(weight), kind="stable")
    assert (np.diff(found[order]) >= -1e-12).all()


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5) | st.just(np.nan)), min_size=1, max_size=20))
def test_mean_gaps_are_means(pairs):
    label, gap = (np.array(column) for column in zip(*pairs, strict=True))
    for cluster, found in enumerate(mean_gaps(label, gap, 4)):
        known = [g for c, g in pairs if c == cluster and np.isfinite(g)]
        assert found == pytest.approx(np.mean(known)) if known else np.isnan(found)


# --- the draw


def test_draws_follow_the_weights():
    weight, n = np.array([0.5, 0.3, 0.15, 0.05]), 20_000
    found = places(weight, np.full(4, 10**6), n, np.random.default_rng(0))
    assert found.sum() == n and chisquare(found, n * weight).pvalue > 0.001


def test_inside_a_cluster_draws_follow_the_quality():
    quality, first = np.array([1.0, 2.0, 5.0, 0.0]), np.zeros(4)
    for seed in range(4000):
        rows = draw(np.ones(1), np.zeros(4, int), np.ones(4, bool), quality, 1, np.random.default_rng(seed))
        first[rows[0]] += 1
    assert first[3] == 0 and chisquare(first[:3], 4000 * quality[:3] / 8).pvalue > 0.001


@given(st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 40))
def test_a_draw_takes_what_is_free_once(seed, n, total):
    rng = np.random.default_rng(seed)
    label, free, quality = rng.integers(0, 4, n), rng.random(n) < 0.7, rng.integers(0, 3, n).astype(float)
    weight = rng.integers(0, 3, 4).astype(float)
    weight = weight / weight.sum() if weight.any() else np.full(4, 0.25)
    rows = draw(weight, label, free, quality, total, np.random.default_rng(seed))
    assert len(rows) == len(set(rows.tolist())) == min(total, free.sum()) and free[rows].all()
    quota = np.bincount(label[rows], minlength=4)
    left = np.bincount(label[free], minlength=4)
    if (quota[weight == 0] > 0).any():  # a starved cluster gives only what the others no longer have
        assert (quota[weight > 0] == left[weight > 0]).all()
    for cluster in range(4):  # who has no quality comes last
        chosen = [row for row in rows if label[row] == cluster]
        if any(quality[row] == 0 for row in chosen):
            assert all(row in chosen for row in range(n) if label[row] == cluster and free[row] and quality[row] > 0)


def test_rounds_share_the_budget():
    assert shares(10, 3) == [4, 3, 3] and sum(shares(7, 7)) == 7
    assert first_weights(np.array([0, 0, 1, 2]), np.array([True, True, True, False])).tolist() == [2 / 3, 1 / 3, 0]


# --- a run


def config_of(session, **changed):
    options = {"rounds": 2, "budget": 8, "k": 3, "new_tokens": 6, "bans": (3, 4), "pins": (7,), "train": QUICK}
    return RefineConfig(session.store.key, **{**options, **changed})


@pytest.fixture(scope="module")
def run(workplace):
    """Two rounds with the tiny model, real trl and peft."""
    return refine(config_of(workplace), workplace.store, workplace.info)


def test_a_run(run, workplace):
    assert run.finished and run.rows.tolist()[0] == 7 and len(set(run.rows.tolist())) == 8
    assert not {3, 4} & set(run.rows.tolist())
    for r in run.rounds:
        gap = mean_gaps(run.label[r.rows], r.gold - r.generated, 3)
        assert r.mean_gap == pytest.approx(gap, nan_ok=True)
        assert r.next_weight == pytest.approx(updated(r.weight, gap))
        assert len(r.answers) == len(r.rows) and np.isfinite(r.gold).all()
    assert run.rounds[1].weight == pytest.approx(run.rounds[0].next_weight)
    assert [row["samples"] for row in round_table(run)] == [4, 3]
    assert (run.config.folder / "round-2" / "adapter" / "adapter_model.safetensors").exists()
    assert [r.config for r in runs_of(workplace.store.key)] == [run.config]


STEPS = ("drawn.json", "trained.json", "answers.json", "scores.json", "round.json")


@pytest.mark.parametrize("after", STEPS)
def test_a_kill_after_any_step_changes_nothing(run, workplace, monkeypatch, tmp_path_factory, after):
    origin, folder = run.config.folder, tmp_path_factory.mktemp("other")
    monkeypatch.setenv("SAELECT_CACHE", str(folder))
    if after != "drawn.json":  # one of them goes through both rounds, the others begin with the second
        shutil.copytree(origin.parents[1], folder / "refine", dirs_exist_ok=True)
        shutil.rmtree(run.config.folder / "round-2")
    write, number = write_json, 1 if after == "drawn.json" else 2

    def killed(path, content):
        write(path, content)
        if path.name == after and path.parent.name == f"round-{number}":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        for module in (kept, rounds):
            patch.setattr(module, "write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            refine(run.config, workplace.store, workplace.info)
    again = refine(run.config, workplace.store, workplace.info)
    assert again.rows.tolist() == run.rows.tolist()
    for one, other in zip(again.rounds, run.rounds, strict=True):
        assert one.answers == other.answers and np.array_equal(one.gold, other.gold)
        assert np.array_equal(one.next_weight, other.next_weight)


def test_what_a_run_is_chosen_by(run, workplace):
    session, name = workplace, run.config.folder.name
    matrix = session.matrix("all", 0.0)
    spec = SelectionSpec("kmq-iterative", 5, pins=(7,), bans=(3, 4))
    whole = select(matrix, replace(spec, budget=8), session.info).rows.tolist()
    assert whole == run.rows.tolist()
    fewer = select(matrix, spec, session.info).rows
    drawn = np.bincount(run.label[run.rows[1:]], minlength=3)  # besides the pin
    taken = np.bincount(run.label[fewer[1:]], minlength=3)
    assert fewer[0] == 7 and taken.tolist() == allocate(run.weight, drawn, 4).tolist()
    named = select(matrix, replace(spec, budget=8, options={"run": name}, bans=(int(run.rows[1]),)), session.info)
    assert named.rows.tolist() == [row for row in run.rows.tolist() if row != run.rows[1]]
    with pytest.raises(SelectionError, match="has drawn 8 samples, not 20"):
        select(matrix, replace(spec, budget=20), session.info)
    with pytest.raises(SelectionError, match="There is no run of refinement 'none'"):
        select(matrix, replace(spec, options={"run": "none"}), session.info)


def test_hybrid_gives_clusters_their_weight(run, workplace):
    matrix, session = workplace.matrix("all", 0.0), workplace
    found = select(matrix, SelectionSpec("hybrid", 9, bans=(3,)), session.info)
    assert len(found.rows) == 9 and 3 not in found.rows
    taken = np.bincount(run.label[found.rows], minlength=3)
    free = np.bincount(np.delete(run.label, 3), minlength=3)
    assert taken.tolist() == allocate(run.weight, free, 9).tolist() == found.details["quota"].tolist()
    tokens = select(matrix, SelectionSpec("hybrid", 300, unit="tokens"), session.info)
    assert session.info.tokens[tokens.rows].sum() <= 300


def test_going_on_from_the_previous_round(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    config = config_of(workplace, start="previous", budget=4, pins=(), new_tokens=2)
    found = refine(config, workplace.store, workplace.info)
    assert found.finished and json.loads((config.folder / "round-2" / "trained.json").read_text())["tokens"] > 0


def test_more_than_there_is(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    config = config_of(workplace, budget=400, rounds=2, bans=tuple(range(4, 30)), pins=(), new_tokens=2)
    found = refine(config, workplace.store, workplace.info)
    assert sorted(found.rows.tolist()) == [0, 1, 2, 3] and len(found.rounds) == 1 and found.finished
    with pytest.raises(SelectionError, match="leave no sample"):
        refine(replace(config, bans=tuple(range(30))), workplace.store, workplace.info)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"rounds": 0}, "rounds must be a whole number of at least 1, got 0"),
        ({"budget": 1, "pins": ()}, "over 2 rounds needs a budget of at least as many samples, got 1"),
        ({"budget": 2}, "over 2 rounds needs a budget of at least as many samples besides 1 pin, got 2"),
        ({"scorer": "taste"}, "Unknown scorer 'taste'"),
        ({"start": "end"}, "Unknown start 'end': it must be one of base, previous"),
    ],
)
def test_what_makes_no_run(workplace, changed, sentence):
    with pytest.raises(SelectionError, match=sentence):
        config_of(workplace, **changed)


def test_quality_must_not_be_negative(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    with pytest.raises(SelectionError, match="cannot be used"):
        refine(config_of(workplace, quality="score"), workplace.store, workplace.info)  # some rows have none
    with pytest.raises(SaelectError, match="no run of refinement"):
        read_run(tmp_path)


def test_the_command(workplace, capsys, monkeypatch, tmp_path):
    from core.cli.app import main

    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    task = ["--rounds", "2", "--budget", "4", "--k", "2", "--rank", "2", "--new-tokens", "2", "--json"]
    assert main(["refine", "--store", str(workplace.store.path), *task]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == 4 and [r["round"] for r in found["rounds"]] == [1, 2]
    assert main(["refine", "--store", str(workplace.store.path), "--k", "many"]) == 2
