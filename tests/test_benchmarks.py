"""The benchmark of selection, at a hundredth of its size: that it runs, not how fast."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.selection import MISSING

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_selection_benchmark_measures_every_claim(tmp_path):
    command = [sys.executable, "-m", "benchmarks.selection", "--quick", "--out", str(tmp_path / "selection.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "selection.json").read_text(encoding="utf-8"))
    rows = figures["rows"]
    assert {row["claim"] for row in rows} == {1, 2, 3, 4, 5, 6}
    assert all(row["ours"] > 0 for row in rows if row["unit"] == "s")
    assert all(row["valid"] and (row["other"] or row["note"] == MISSING) for row in rows)
    for peer in ("submodlib", "apricot"):
        there = importlib.util.find_spec(peer) is not None
        assert all((row["other"] is not None) == there for row in rows if row["against"] == peer)
    assert [point["entries"] for point in figures["scaling"]] == sorted(p["entries"] for p in figures["scaling"])
    assert all(point["round_s"] > 0 and point["transpose_s"] > 0 for point in figures["scaling"])
    assert (tmp_path / "selection-scaling.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "claim" in done.stdout
