"""The example that comes with SAElect, and how one is made of a proof."""

from __future__ import annotations

import json
from pathlib import Path

from core.proof.example import FILE, read_example, result, write_example
from core.proof.results import results, write_results
from core.proof.told import told_of_full, told_of_random
from core.proof.view import ranked
from tests.made_runs import write_proof

PROOF = Path(__file__).resolve().parents[3] / "docs" / "proof.json"


def test_an_example_says_what_its_proof_says(workplace, tmp_path):
    proof = write_proof(workplace, budgets=(4, 8), held_out=3, model="/home/someone/lm")
    write_results(proof, tmp_path / "proof.json")
    write_example(tmp_path / "proof.json", workplace.store.n_samples, tmp_path / "example.json")
    text = (tmp_path / "example.json").read_text()
    assert "someone" not in text and "runs" not in text
    found, rows = read_example(tmp_path / "example.json"), ranked(results(proof))
    assert (found.n_samples, found.n_held_out) == (30, len(proof.sources())) and found.config["model"] == "lm"
    assert repr(ranked(found.rows)) == repr(rows)
    assert told_of_random(found.rows) == told_of_random(rows)
    assert told_of_full(found.rows, "samples", 24) == told_of_full(rows, "samples", 24)


def test_the_shipped_one_is_this_projects_own_proof():
    found, own = read_example(), json.loads(PROOF.read_text())
    assert FILE.stat().st_size < 60_000 and not found.config["store_key"]
    assert repr(found.rows) == repr(tuple(result(row) for row in own["results"]))
    assert found.n_held_out == len(own["sources"]) and found.told == "22,263 samples of 4 sources"
    assert set(found.mixture("source")) == {(r.method, r.budget) for r in found.rows if r.method != "base"}
