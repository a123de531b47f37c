"""How paths and numbers of things are shown, and how a store is named."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from core.system.files import store_at, with_home
from core.system.shown import duration, many, shown_path, without_folders


def test_plural_forms() -> None:
    assert [many(n, "sample") for n in (0, 1, 2, 2000)] == ["0 samples", "1 sample", "2 samples", "2,000 samples"]
    assert many(1, "entry", "entries") == "1 entry" and many(3, "entry", "entries") == "3 entries"


def test_a_duration_has_two_units_at_most() -> None:
    shown = {
        0.2: "0 s",
        59.4: "59 s",
        59.6: "1 min",
        200: "3 min",
        3599: "1 h",
        7500: "2 h 5 min",
        100_000: "1 day 3 h",
    }
    assert {seconds: duration(seconds) for seconds in shown} == shown
    assert duration(-3) == "0 s" and duration(172_800) == "2 days"


@pytest.mark.parametrize("cache", ["cache", "a cache's", "../else where", "/"])
def test_a_path_in_a_printed_command_is_the_file_wherever_the_cache_lies(cache: str, tmp_path, monkeypatch) -> None:
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    path = Path(cache) / "0123456789abcdef.duckdb"
    words = shlex.split(f"python -m core refine --store {shown_path(path)} --rounds 3")
    assert words[4:] == ["--store", words[5], "--rounds", "3"]
    assert (here / words[5]).resolve() == (here / path).resolve()
    assert Path(words[5]).is_absolute() == (cache == "/")


def test_a_store_is_named_by_path_or_by_key(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    key = "0123456789abcdef"
    assert store_at(key) == tmp_path / "cache" / f"{key}.duckdb"
    assert store_at(f"elsewhere/{key}.duckdb") == Path("elsewhere") / f"{key}.duckdb"
    assert store_at(f"{key}.duckdb") == Path(f"{key}.duckdb")
    Path("mine").touch()
    assert store_at("mine") == Path("mine")


def test_a_home_folder_is_found_where_there_is_one(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert with_home("~/a.jsonl") == "/home/me/a.jsonl"
    for path in ("a~b", "org/name", "", "~nobody-of-this-name/a"):
        assert with_home(path) == path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ann/data/my.jsonl: line 3 is no JSON.", "my.jsonl: line 3 is no JSON."),
        ("Two files (/a/b/c.json, /d/e.csv) differ.", "Two files (c.json, e.csv) differ."),
        ("'C:\\data\\x.csv' and \"/tmp/y\"", "'x.csv' and \"y\""),
        ("half/way and 3/4 of http://host/a/b", "half/way and 3/4 of http://host/a/b"),
        ("no path / here", "no path / here"),
    ],
)
def test_warnings_show_names_of_files_without_their_folders(text, shown):
    assert without_folders(text) == shown
