"""The example that comes with SAElect, and how one is made of a proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.proof.example import FOLDER, POOLS, example_of, full_names, read_example, read_examples, result, write_example
from core.proof.results import results, write_results
from core.proof.told import told_of_full, told_of_random
from core.proof.view import ranked
from tests.made_runs import write_proof

DOCS = Path(__file__).resolve().parents[3] / "docs"
TOLD = {"proof": "22,263 samples of 4 sources", "proof-dirty": "21,000 samples of 5 sources"}


def test_an_example_says_what_its_proof_says(workplace, tmp_path):
    proof = write_proof(workplace, budgets=(4, 8), held_out=3, model="/home/someone/lm")
    write_results(proof, tmp_path / "proof.json")
    path = write_example(tmp_path / "proof.json", workplace.store.n_samples, tmp_path / "examples")
    text = path.read_text()
    assert "someone" not in text and "runs" not in text
    found, rows = read_example(path), ranked(results(proof))
    assert (found.n_samples, found.n_held_out) == (30, len(proof.sources())) and found.config["model"] == "lm"
    assert repr(ranked(found.rows)) == repr(rows)
    assert told_of_random(found.rows) == told_of_random(rows)
    assert told_of_full(found.rows, "samples", 24) == told_of_full(rows, "samples", 24)


@pytest.mark.parametrize("name", POOLS)
def test_the_shipped_ones_are_this_projects_own_proofs(name):
    found, own = read_examples()[name], json.loads((DOCS / f"{name}.json").read_text())
    assert (FOLDER / f"{name}.json").stat().st_size < 60_000 and not found.config["store_key"]
    called = full_names([row["method"] for row in (*own["results"], *own["picks"])], "tokens")
    assert repr(found.rows) == repr(tuple(result({**row, "method": called[row["method"]]}) for row in own["results"]))
    assert "sae-greedy" not in called.values() and called["random"] == "random"
    assert found.n_held_out == len(own["sources"]) and found.told == TOLD[name]
    trained = {(r.method, r.budget) for r in found.rows if r.method != "base"}
    chosen = {(called[choice["method"]], choice["budget"]) for choice in own["chosen"]}
    assert trained <= set(found.mixture("source")) <= trained | chosen
    assert found.labels == (["spoiled"] if name == "proof-dirty" else [])


def test_the_example_that_has_a_method():
    assert example_of(["hybrid", "random"]) == "proof"
    assert example_of(["none", "sae-greedy:lens=topics+quota=set:unhealthy<=0", "random"]) == "proof-dirty"
    assert example_of([]) == example_of(["none"]) == "proof"
