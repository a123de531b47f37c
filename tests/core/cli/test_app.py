"""The command line on a tiny model: every command runs, and a mistake is one sentence and status 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.cli import console
from core.cli.app import main
from core.cli.console import bar, stages
from core.system.files import PROJECT


def run(*arguments: str, cache: Path) -> subprocess.CompletedProcess:
    """`python -m core …` as a user runs it."""
    environment = {**os.environ, "SAELECT_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)


def test_the_bar_of_stages(monkeypatch) -> None:
    progress, seen = bar(), []
    monkeypatch.setattr(console, "bar", lambda: progress)
    with stages() as told:
        for step in [
            ("Loading", 0, 1), ("Extracting", 0, 80), ("Extracting", 20, 80, 5), ("Indexing", 0, 1), ("Lens", 9, 36),
            ("Lens", 18, 36), ("Done", 1, 1),
        ]:  # fmt: skip
            told(*step)
            task = progress.tasks[0]
            seen.append((task.description, task.total, task.percentage, task.fields["rate"].split(" ")[-1][-2:]))
    assert seen == [
        ("Loading", None, 0, ""), ("Extracting", 80, 0, ""), ("Extracting", 80, 25, "/s"), ("Indexing", None, 0, ""),
        ("Lens", 36, 25, ""), ("Lens", 36, 50, "/s"), ("Done", 1, 100, ""),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def tiny_store_path(tiny, tmp_path_factory) -> Path:
    """A store of 12 samples that the command line made."""
    sources = ("--data", tiny.config.data, "--model", tiny.config.model, "--sae", tiny.config.sae)
    done = run("extract", *sources, "--dtype", "float32", "--limit", "12", cache=tmp_path_factory.mktemp("store"))
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


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
    assert done.returncode == 0, done.stderr
    rows = {(r["method"], r["samples"]): r for r in json.loads(done.stdout)["rows"]}
    assert {samples for _, samples in rows} == {3, 6}
    for k in (3, 6):
        best = max(r["covered"] for (_, samples), r in rows.items() if samples == k and not r["why"])
        assert rows["sae-greedy", k]["covered"] >= 0.9 * best
    assert "score column" in rows["quality", 3]["why"]
    assert "Comparing" in done.stderr


def test_explain_veto_export_and_their_json(tiny_store_path, tmp_path: Path) -> None:
    store = ("--store", str(tiny_store_path))

    def machine(*arguments: str) -> Any:
        done = run(*arguments, *store, "--json", cache=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    picks = machine("select", "--budget", "50%", "--save", "half")["rows"]
    kept = machine("explain", "--budget", "50%", "--row", str(picks[0]))
    assert kept["kept"] and kept["pick"] == 1 and len(kept["credited"]) <= kept["credited features"]
    left_out = next(row for row in range(12) if row not in picks)
    assert not machine("explain", "--budget", "50%", "--row", str(left_out))["kept"]
    feature = str(kept["credited"][0]["feature"])
    effect = machine("veto", feature, "--preview")
    assert effect["features covered"][0] >= effect["features covered"][1]
    assert machine("veto") == []
    machine("veto", feature, "--reason", "boilerplate")
    assert machine("veto") == [{"feature": int(feature), "mode": "ignore", "reason": "boilerplate"}]
    out = tmp_path / "half.jsonl"
    assert machine("export", "--saved", "half", "--out", str(out))["n_records"] == len(picks)
    assert len(out.read_bytes().splitlines()) == len(picks)
    done = run("veto", feature, "--lift", *store, cache=tmp_path)
    assert done.returncode == 0 and "lifted" in done.stdout
    done = run("explain", "--budget", "50%", "--row", str(picks[0]), *store, cache=tmp_path)
    assert "The features that brought it in" in done.stdout
    assert run("compare", *store, "--methods", "random,kmeans-closest", "--overlap", cache=tmp_path).returncode == 0


def test_pins_and_bans_hold_for_every_selection(tiny_store_path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    store = ("--store", str(tiny_store_path))

    def machine(*arguments: str) -> Any:
        assert main([*arguments, *store, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    first = machine("select", "--budget", "3")["rows"]
    assert machine("ban", str(first[0])) == {"bans": [first[0]]}
    assert machine("pin", "11") == {"pins": [11]}
    rows = machine("select", "--budget", "3")["rows"]
    assert rows[0] == 11 and first[0] not in rows
    assert machine("pin", str(first[0])) == {"pins": [11, first[0]]} and machine("ban") == {"bans": []}
    assert machine("pin", "11", str(first[0]), "--lift") == {"pins": []}
    assert machine("select", "--budget", "3")["rows"] == first
    assert main(["ban", "--without", "score", *store]) == 0
    assert "2 changed; 2 bans: 0, " in capsys.readouterr().out
    assert len(machine("select", "--budget", "3", "--method", "quality")["rows"]) == 3


def test_methods_lists_every_option(tmp_path: Path) -> None:
    found = json.loads(run("methods", "--json", cache=tmp_path).stdout)
    assert {row["method"] for row in found} >= {"sae-greedy", "kmq", "reference-guided"}
    assert any(text.startswith("tau=0.8") for row in found for text in row["options"])


MISTAKES = [
    (["select", "--budget", "0"], "The budget must be a whole number of at least 1"),
    (["select", "--budget", "-3"], "The budget must be a whole number of at least 1"),
    (["select", "--budget", "99"], "more than the 12 samples available"),
    (["select", "--budget", "many"], "The budget must be a whole number or a share such as 5%, got 'many'"),
    (["select", "--method", "magic"], "Unknown method 'magic'"),
    (["select", "--budget", "3", "-o", "tau"], "An option is written NAME=VALUE"),
    (["select", "--budget", "3", "-o", "tau=1"], "sae-greedy has no option 'tau'"),
    (
        ["select", "--budget", "3", "--method", "quality"],
        "The score column 'score' cannot be used for 2 samples: row 0 has nan",
    ),
    (["explain", "--budget", "3", "--row", "12"], "There is no row 12: the rows are 0 to 11"),
    (["pin", "12"], "There is no row 12: the rows are 0 to 11"),
    (["ban", "3", "12"], "There is no row 12: the rows are 0 to 11"),
    (["ban", "--without", "beauty"], "There is no score column 'beauty': the columns are "),
    (["veto", "99999"], "The veto on feature 99999 is outside"),
    (["export", "--out", "x.jsonl", "--saved", "none"], "No selection is saved as 'none': none is saved"),
    (["compare", "--shares", "2"], "A share must be a number above 0 and at most 1"),
    (["score", "--columns", "beauty"], "beauty"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[m[1][:40] for m in MISTAKES])
def test_a_mistake_about_a_store_is_one_sentence(
    tiny_store_path, tmp_path: Path, monkeypatch, capsys, arguments: list, words: str
) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    assert main([*arguments, "--store", str(tiny_store_path)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("Error: ")
    assert words in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["info", "--store", "nowhere.duckdb"], "no feature store at nowhere.duckdb"),
        (["extract", "--data", "nothing.json", "--model", "m", "--sae", "s"], "nothing.json"),
        (["select", "--store", "nowhere.duckdb", "--budget", "0"], "no feature store"),
        (["replay", "nowhere.json"], "not a manifest"),
        (["demo", "--samples", "3"], "at least 10"),
        (["explain", "--store", "nowhere.duckdb", "--row", "1"], "no feature store"),
        (["veto", "1", "--store", "nowhere.duckdb"], "no feature store"),
        (["score", "--store", "nowhere.duckdb"], "no feature store"),
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
    for command in (
        "extract",
        "demo",
        "score",
        "select",
        "explain",
        "veto",
        "compare",
        "export",
        "replay",
        "info",
        "methods",
        "train-sae",
        "evaluate-sae",
        "labels",
        "label",
    ):
        assert command in listing
        assert f"python -m core {command}" in run(command, "--help", cache=tmp_path).stdout
