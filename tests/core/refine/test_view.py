"""What the page Refinement shows of a run, against loops over small made-up runs."""

import shlex
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.cli.app import app
from core.explain.cluster_names import name_clusters
from core.lm.fine_tuning import TrainConfig
from core.proof import run as proving
from core.refine import rounds
from core.refine.config import RefineConfig
from core.refine.rounds import updated
from core.refine.runs import RefineRun, Round
from core.refine.view import (
    changes,
    clusters_of,
    command,
    drawn,
    factors,
    goes_on_by_command,
    movers,
    runs_stamp,
    weights_over_rounds,
)
from core.session.session import open_session, workspace_of
from core.studies.refinement_rivals import one_shot, rivals
from tests.factories import KEY, alpaca, tiny_store
from tests.made_runs import write_refinement
from tests.strategies import quick

SCORES = st.floats(-5, 5) | st.just(float("nan"))


@st.composite
def made(draw):
    """A run of up to three rounds over up to five clusters; some clusters have no weight, some samples no score."""
    label = np.array(draw(st.lists(st.integers(0, 4), min_size=1, max_size=20)), np.int32)
    n_clusters = int(label.max()) + 1
    weight = np.array(draw(st.lists(st.integers(0, 5), min_size=n_clusters, max_size=n_clusters)), float)
    weight = weight / weight.sum() if weight.any() else np.full(n_clusters, 1 / n_clusters)
    order, rounds = draw(st.permutations(range(len(label)))), []
    cuts = sorted(draw(st.lists(st.integers(0, len(label)), min_size=2, max_size=4)))
    for number, (first, last) in enumerate(pairwise(cuts), 1):
        rows = np.array(order[first:last], np.int64)
        gold, generated = (np.array([draw(SCORES) for _ in rows], float) for _ in range(2))
        gap = np.array([draw(SCORES) for _ in weight])
        after, said = updated(weight, gap), tuple(f"answer {row}" for row in rows)
        rounds.append(Round(number, weight, after, gap, rows, gold, generated, said, 1.0, 10, 1.0))
        weight = after
    config = RefineConfig(KEY, rounds=3, budget=30, pins=tuple(order[: cuts[0]]))
    first = rounds[0].weight if rounds else weight
    return RefineRun(config, label, (), tuple(rounds), "2026-01-01T00:00:00+00:00", first)


def average(values):
    known = [v for v in values if v == v]
    return sum(known) / len(known) if known else float("nan")


@quick
@given(made())
def test_the_table_of_clusters(run):
    found = changes(run)
    assert sorted(row.cluster for row in found) == list(range(len(run.weight)))
    known = [row.factor for row in found if row.factor == row.factor]
    assert known == sorted(known, reverse=True) and all(np.isnan(row.factor) for row in found[len(known) :])
    for row in found:
        own = [
            (gold, generated)
            for r in run.rounds
            for sample, gold, generated in zip(r.rows, r.gold, r.generated, strict=True)
            if run.label[sample] == row.cluster
        ]
        assert row.size == sum(c == row.cluster for c in run.label) and row.drawn == len(own)
        assert row.before == run.rounds[0].weight[row.cluster] and row.after == run.weight[row.cluster]
        assert row.factor == pytest.approx(row.after / row.before) if row.before else np.isnan(row.factor)
        expected = [average([g for g, _ in own]), average([m for _, m in own]), average([g - m for g, m in own])]
        assert [row.gold, row.generated, row.gap] == pytest.approx(expected, nan_ok=True)


@quick
@given(made())
def test_samples_come_in_order(run):
    found = drawn(run)
    assert [*run.config.pins, *(s.row for s in found)] == run.rows.tolist()
    assert all(s.cluster == run.label[s.row] and s.answer == f"answer {s.row}" for s in found)
    assert [s.round for s in found] == sorted(s.round for s in found)


@quick
@given(made(), st.integers(1, 3))
def test_weights_and_movers(run, most):
    weights = weights_over_rounds(run)
    assert weights.shape == (len(run.rounds) + 1, len(run.weight)) and (weights[-1] == run.weight).all()
    gainers, losers = movers(weights, most)
    factor = dict(enumerate(factors(weights)))
    for chosen, way in ((gainers, 1), (losers, -1)):
        better = [c for c, f in factor.items() if f == f and way * (f - 1) > 1e-9]
        assert len(chosen) == min(most, len(better)) and set(chosen) <= set(better)
        shown = [way * factor[c] for c in chosen]
        assert shown == sorted(shown, reverse=True)
        assert all(way * factor[c] <= shown[-1] for c in set(better) - set(chosen))


def test_a_run_that_has_only_begun():
    run = RefineRun(RefineConfig(KEY), np.array([0, 0, 1], np.int32), (), (), "now", np.array([2 / 3, 1 / 3]))
    assert weights_over_rounds(run).tolist() == [[2 / 3, 1 / 3]] and drawn(run) == []
    assert movers(weights_over_rounds(run), 3) == ([], [])
    assert [(row.cluster, row.factor, row.drawn) for row in changes(run)] == [(0, 1, 0), (1, 1, 0)]


# --- the command


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"k": "elbow", "quality": "score", "scope": "response", "theta": 0.1 + 0.2, "seed": 3},
        {"start": "previous", "new_tokens": 7, "model": "a folder", "rounds": 5, "budget": 11, "k": 4},
    ],
)
def test_the_command_goes_on_with_the_same_run(changed, tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    facts = {"data": str(tmp_path / "data.jsonl"), "max_tokens": 64}
    path = tiny_store(tmp_path, alpaca(8), [{1, i % 3 + 2} for i in range(8)], config=facts)
    train = TrainConfig(rank=4, epochs=2, max_tokens=64, seed=changed.get("seed", 0))
    config, asked = RefineConfig(KEY, **{"train": train, **changed}), []

    def stop(config, *others):
        asked.append(config)
        raise typer.Exit

    monkeypatch.setattr(rounds, "refine", stop)
    done = CliRunner().invoke(app, shlex.split(command(config, path))[3:])
    assert done.exit_code == 0, done.output
    assert asked == [config] and asked[0].folder == config.folder


def test_other_decisions_are_another_run(tmp_path):
    store = open_session(tiny_store(tmp_path, alpaca(4), [{1}, {2}, {3}, {4}])).store
    config = RefineConfig(KEY, vetoes={3: "ignore"}, pins=(1,), bans=(2,))
    assert goes_on_by_command(config, store, ({3: "ignore"}, (1,), (2,)))
    assert not goes_on_by_command(config, store, ({}, (1,), (2,)))
    assert not goes_on_by_command(config, store, ({3: "ignore"}, (1,), ()))
    assert not goes_on_by_command(replace(config, seed=1), store, ({3: "ignore"}, (1,), (2,)))


# --- on a store


@pytest.fixture
def session(tmp_path, monkeypatch):
    """24 samples with two features of their group and one of their own each; a cache of its own."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    facts, sets = {"model": "m", "max_tokens": 64}, [{i // 8, 3, 4 + i} for i in range(24)]
    return open_session(tiny_store(tmp_path, alpaca(24), sets, n_features=28, config=facts))


def test_a_run_and_a_proof_say_that_they_go_without_quotas_and_boosts(session, monkeypatch):
    def stop(*arguments):
        raise typer.Exit

    monkeypatch.setattr(rounds, "refine", stop)
    monkeypatch.setattr(proving, "prove", stop)
    asked = [[*command, "--store", KEY] for command in (["refine", "--budget", "9"], ["prove", "--budget", "9"])]
    for text in asked:
        done = CliRunner().invoke(app, text)
        assert done.exit_code == 0 and "without your" not in done.output, done.output
    workspace = workspace_of(session.store)
    workspace.quota("source:*<=50%")
    for text in asked:
        assert "without your 1 quota." in CliRunner().invoke(app, text).output
    workspace.boost([3, 5], 2.0)
    for text in asked:
        assert "without your 1 quota and 2 boosts." in CliRunner().invoke(app, text).output


def test_ways_to_select_as_many(session):
    config = RefineConfig(KEY, rounds=2, budget=9, k=3, pins=(5,), bans=(0, 1))
    run = write_refinement(session, config, ["fine"], 2)
    assert run.finished and len(run.rows) == 9
    found = rivals(session, run)
    assert [way.method for way in found] == ["kmq-iterative", "kmeans-random", "sae-greedy"]
    assert found[0].rows.tolist() == run.rows.tolist()
    for way in found:
        features = {int(f) for row in way.rows for f in session.matrix("all", 0.0).row(row)}
        assert not way.why and len(way.rows) == 9 and 5 in way.rows and not {0, 1} & set(way.rows.tolist())
        assert way.covered == len(features) and way.tokens == session.info.tokens[way.rows].sum()


def test_what_cannot_run_says_why(session):
    run = write_refinement(session, RefineConfig(KEY, rounds=2, budget=6, k=3), ["fine"], 1)
    asked = replace(run, config=replace(run.config, quality="no such score"))
    assert one_shot(asked) == ("kmq", {"score": "no such score", "k": 3})
    found = {way.title: way for way in rivals(session, asked)}
    assert "no such score" in found["One-shot kMQ"].why and not len(found["One-shot kMQ"].rows)
    assert len(found["sae-greedy"].rows) == 3  # as many as the unfinished run has so far
    assert one_shot(replace(run, config=replace(run.config, k="elbow"))) == ("kmeans-random", {"k": 3})


def test_cards_name_every_cluster(session):
    run = write_refinement(session, RefineConfig(KEY, rounds=1, budget=6, k=3), ["fine"], 1)
    found = {card.cluster: card for card in name_clusters(session.matrix("all", 0.0), clusters_of(run), run.rows)}
    assert sorted(found) == sorted(set(run.label.tolist()))
    for cluster, card in found.items():
        assert card.size == (run.label == cluster).sum() and card.picked == (run.label[run.rows] == cluster).sum()


def test_the_stamp_changes_with_every_round(session):
    stamps, config = [runs_stamp(KEY)], RefineConfig(KEY, rounds=3, budget=6, k=3)
    for seed, n_rounds in enumerate((0, 1, 2)):
        write_refinement(session, replace(config, seed=seed), ["fine"], n_rounds)
        stamps.append(runs_stamp(KEY))
    assert [len(stamp) for stamp in stamps] == [0, 1, 3, 6] and runs_stamp(KEY) == stamps[-1]
