"""The command line on a tiny model: every command runs, and a mistake is one sentence and status 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import PROJECT


def run(*arguments: str, cache: Path) -> subprocess.CompletedProcess:
    """`python -m core …` as a user runs it."""
    environment = {**os.environ, "SAELECT_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)


def test_from_data_to_replay(tiny, tmp_path: Path) -> None:
    sources = ("--data", tiny.config.data, "--model", tiny.config.model, "--sae", tiny.config.sae)
    done = run("extract", *sources, "--dtype", "float32", "--limit", "12", cache=tmp_path)
    assert done.returncode == 0, done.stderr
    store = done.stdout.strip()
    assert json.loads(run("info", "--store", store, cache=tmp_path).stdout)["n_samples"] == 12
    out = tmp_path / "curated.jsonl"
    done = run("select", "--store", store, "--budget", "5", "--out", str(out), cache=tmp_path)
    assert done.returncode == 0 and "at least" in done.stdout, done.stderr
    before = out.read_bytes()
    assert len(before.splitlines()) == 5
    out.unlink()
    done = run("replay", str(tmp_path / "curated.manifest.json"), cache=tmp_path)
    assert done.returncode == 0 and out.read_bytes() == before, done.stderr
    done = run("compare", "--store", store, "--shares", "0.25,0.5", "--json", cache=tmp_path)
    rows = json.loads(done.stdout)["rows"]
    assert [r["samples"] for r in rows] == [3, 6]
    assert all(r["sae-greedy"] >= max(r["longest-response"], r["random"]) for r in rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["info", "--store", "nowhere.duckdb"], "no feature store at nowhere.duckdb"),
        (["extract", "--data", "nothing.json", "--model", "m", "--sae", "s"], "nothing.json"),
        (["select", "--store", "nowhere.duckdb", "--budget", "0"], "no feature store"),
        (["replay", "nowhere.json"], "not a manifest"),
        (["demo", "--samples", "3"], "at least 10"),
        (["extract", "--data", "x", "--model", "m", "--sae", "s", "--max-tokens", "2"], "max_tokens"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run(*arguments, cache=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("Error: ")


def test_help_shows_an_example_of_each_command(tmp_path: Path) -> None:
    listing = run("--help", cache=tmp_path).stdout
    for command in ("extract", "demo", "select", "compare", "replay", "info", "train-sae", "evaluate-sae"):
        assert command in listing
        assert f"python -m core {command}" in run(command, "--help", cache=tmp_path).stdout
