"""The benchmarks of selection and extraction, at a hundredth of their size: that they run, not how fast."""

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import steering
from benchmarks.selection import MISSING
from core.schema import SelectionSpec
from core.scoring.taught import all_of
from core.session.session import open_session
from tests.factories import tiny_store

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_selection_benchmark_measures_every_claim(tmp_path):
    command = [sys.executable, "-m", "benchmarks.selection", "--quick", "--out", str(tmp_path / "selection.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "selection.json").read_text(encoding="utf-8"))
    rows = figures["rows"]
    assert {row["claim"] for row in rows} == {1, 2, 3, 4, 5, 6, 7, 8, 9}
    assert all(row["ours"] > 0 for row in rows if row["unit"] == "s")
    assert all(row["valid"] and (row["other"] or row["note"] == MISSING) for row in rows)
    for peer in ("submodlib", "apricot"):
        there = importlib.util.find_spec(peer) is not None
        assert all((row["other"] is not None) == there for row in rows if row["against"] == peer)
    assert [point["entries"] for point in figures["scaling"]] == sorted(p["entries"] for p in figures["scaling"])
    assert all(point["round_s"] > 0 and point["transpose_s"] > 0 for point in figures["scaling"])
    assert (tmp_path / "selection-scaling.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "claim" in done.stdout


@pytest.mark.slow
def test_extraction_benchmark_finds_the_same_features_on_both_sides(tiny):
    given = {"data": tiny.data, "model": tiny.config.model, "sae": tiny.config.sae, "dtype": "float32", "samples": 20}
    command = [sys.executable, "-m", "benchmarks.extraction", "--max-tokens", "64"]
    command += [text for name, value in given.items() for text in (f"--{name}", str(value))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    samples, tokens = re.search(r"^(\d+) samples of data.jsonl, ([\d,]+) tokens$", done.stdout, re.MULTILINE).groups()
    assert int(samples) == 20 and int(tokens.replace(",", "")) > 20
    assert "ratio: " in done.stdout and float(done.stdout.split("pooled ")[1]) > 0.99


def test_the_benchmark_of_health_plants_and_finds(tmp_path):
    answer = "It was a long day in number {}, and the people of the town had much to say about it in the end."
    records = [
        {
            "instruction": f"Tell me of day {i} in the town, and of all that its people had to say?",
            "output": answer.format(i),
        }
        for i in range(100)
    ]
    data = tmp_path / "alpaca.json"
    data.write_text(json.dumps(records), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.health", "--data", str(data)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = [
        [cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if line.startswith("│")
    ]
    found = {row[0]: row[1:] for row in rows}
    assert found["loops"][:3] == ["2", "2", "1.000"] and found["personal-data"][:3] == ["2", "2", "1.000"]
    assert "language" not in found and "answer-does-not-fit" not in found


def test_the_benchmark_of_steering_counts_the_kind(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    kind = [i % 3 == 0 for i in range(120)]
    records = [
        {"instruction": f"Say {i}", "output": f"{'Python' if of else 'prose'} it is, {i}"} for i, of in enumerate(kind)
    ]
    sets = [{1 if of else 2: 1.0, 3 + i % 5: 1.0} for i, of in enumerate(kind)]
    path = tiny_store(tmp_path, records, sets, config={"model": "m"})
    monkeypatch.setattr(sys, "argv", ["steering", str(path), "--budget", "10"])
    steering.main()
    told = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in told.splitlines() if line.startswith("│")]
    share = {row[0]: row[1] for row in rows}
    assert len(rows) == 10 and "20 of 100 samples are of the kind; 10 picks" in told
    session, wanted = open_session(path), np.array(kind)
    examples = tuple(steering.examples_of(wanted).tolist())
    spec = SelectionSpec(budget=10, theta=session.default_theta()[0], bans=examples, sets={"set:mine": examples})
    jaccard = replace(spec, method="jaccard", options={"reference": "set:mine"})
    for title, asked in (("sae-greedy", spec), ("jaccard", jaccard)):
        assert share[title] == f"{wanted[session.selection(asked).rows].mean():.0%}"
    assert not all_of(session.store), "the concept is gone"
