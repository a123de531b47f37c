"""Picks that are made ahead of their training: kept, trained on, and trained on without the store."""

import json

import numpy as np
import pytest

from benchmarks.proof_cells import main as train
from core.cli.app import main
from core.proof import run as proving


@pytest.fixture
def asked(workplace, tmp_path, monkeypatch):
    """A command that proves these methods, and its file of results."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "r.json"
    told = ["--store", str(workplace.store.path), "--budgets", "6", "--seeds", "1", "--held-out", "2", "--rank", "2"]
    more = ["--max-tokens", "64", "--refined", "1", "--out", str(path)]
    return lambda methods, *also: ["prove", *told, *more, "--methods", methods, *also], path


def of(path, what):
    """Rows by method, of the runs or the choices in a file."""
    return {one["method"]: one["rows"] for one in json.loads(path.read_text()).get(what, ())}


def test_what_was_chosen_is_trained_on(asked, monkeypatch, capsys):
    command, path = asked
    assert main(command("random,hybrid", "--select-only")) == 0
    chosen = of(path, "chosen")
    assert set(chosen) == {"base", "random"} and len(chosen["random"]) == 6 and not of(path, "runs")
    assert main(command("random,hybrid", "--select-only")) == 0
    assert of(path, "chosen") == chosen and len(json.loads(path.read_text())["chosen"]) == 2  # nothing comes twice
    monkeypatch.setattr(proving, "picked", None)  # nothing is selected again
    monkeypatch.setenv("SAELECT_CACHE", str(path.parent / "elsewhere"))
    assert main(command("random")) == 0
    assert of(path, "runs") == chosen and not of(path, "chosen")


def test_training_needs_the_data_alone(asked, workplace, tiny, monkeypatch, capsys):
    command, path = asked
    assert main(command("random", "--select-only")) == 0
    before = json.loads(path.read_text())
    monkeypatch.setenv("SAELECT_CACHE", str(path.parent / "elsewhere"))
    samples = workplace.store.samples(np.arange(workplace.store.n_samples))
    train(path, samples, tiny.config.model, ["base"], [])
    assert set(of(path, "runs")) == {"base"} and set(of(path, "chosen")) == {"random"}
    train(path, samples, tiny.config.model, [], [])
    after = json.loads(path.read_text())
    assert of(path, "runs") == {one["method"]: one["rows"] for one in before["chosen"]} and not of(path, "chosen")
    assert (after["shared"], after["picks"]) == (before["shared"], before["picks"])
    path.unlink()
    monkeypatch.setenv("SAELECT_CACHE", str(path.parent / "cache"))
    assert main(command("random")) == 0
    assert [run["losses"] for run in json.loads(path.read_text())["runs"]] == [run["losses"] for run in after["runs"]]


def test_models_of_some_seeds_write(asked, workplace, tiny):
    command, path = asked
    assert main(command("random", "--select-only", "--instructed", "2")) == 0
    samples = workplace.store.samples(np.arange(workplace.store.n_samples))
    train(path, samples, tiny.config.model, ["base"], [], [1])
    train(path, samples, tiny.config.model, ["random"], [], [0, 1])
    scores = {run["method"]: set(run["scores"]) for run in json.loads(path.read_text())["runs"]}
    assert scores == {"base": set(), "random": {"instructions"}}
