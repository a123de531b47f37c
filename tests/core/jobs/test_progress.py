"""How far a command is: told by its bars, read from its file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cli import console
from core.cli.console import bar, stages
from core.jobs import job, start
from core.jobs.progress import VARIABLE, Progress, last_progress, write_progress

COMMAND = """
import sys, time, pathlib
from core.cli.console import stages
with stages() as told:
    told("Loading", 0, 1)
    told("Extracting", 20, 80, 5)
    while not pathlib.Path(sys.argv[1]).exists():
        told("Extracting", 40, 80, 9)
        time.sleep(0.02)
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress.jsonl"))
    return tmp_path / "progress.jsonl"


def lines(file) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_bar_writes_each_stage_and_its_end_but_not_every_step(file, monkeypatch) -> None:
    monkeypatch.setattr(console, "PERIOD", float("inf"))
    with stages() as told:
        told("Loading", 0, 1)
        for step in range(500):
            told("Extracting", step, 500, step)
        told("Done", 1, 1)
    assert [(line["stage"], line["done"], line["total"]) for line in lines(file)] == [
        ("Loading", 0, None), ("Extracting", 0, 500), ("Done", 1, 1), ("Done", 1, 1),
    ]  # fmt: skip


def test_the_steps_of_a_bar_are_written_as_it_shows_them(file, monkeypatch) -> None:
    monkeypatch.setattr(console, "PERIOD", 0)
    with bar() as progress:
        task = progress.add_task("Scoring", total=4, rate="")
        for _ in range(3):
            progress.advance(task)
        progress.update(task, completed=4, rate="2.00/s")
    assert [(line["done"], line["rate"]) for line in lines(file)] == [
        (1, ""), (2, ""), (3, ""), (4, "2.00/s"), (4, "2.00/s"),
    ]  # fmt: skip
    assert lines(file)[-1]["seconds_left"] == 0


def test_without_the_variable_or_a_folder_for_it_work_goes_on(file, monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, str(file / "nowhere"))
    with stages() as told:
        told("Loading", 0, 1)
    monkeypatch.delenv(VARIABLE)
    with stages() as told:
        told("Loading", 0, 1)
    assert not file.exists()


@settings(max_examples=30)
@given(
    st.lists(st.builds(Progress, st.text(), st.floats(0, 1e9), st.none() | st.floats(1, 1e9)), min_size=1, max_size=3)
)
def test_the_last_line_comes_back(tmp_path_factory, steps) -> None:
    path = tmp_path_factory.mktemp("p") / "progress.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(path))
        for step in steps:
            write_progress(step)
    assert last_progress(path) == steps[-1]


@pytest.mark.parametrize("end", ['{"stage": "Ext', "[1]", "3", '{"other": 1}', "\0\0"])
def test_a_line_that_is_not_whole_is_passed_over(file, end) -> None:
    assert last_progress(file) == Progress()
    write_progress(Progress("Extracting", 3, 9))
    with file.open("a") as opened:
        opened.write(end)
    assert last_progress(file) == Progress("Extracting", 3, 9)


def test_the_progress_of_a_job_is_read_while_it_runs(cache, wait, until, go, tmp_path) -> None:
    made = start([str(tmp_path / "go")], "Extract", program=("-c", COMMAND))
    wait(lambda: job(made.id).done == 40)
    found = job(made.id)
    assert (found.state, found.stage, found.total) == ("running", "Extracting", 80)
    assert found.rate.endswith(" tokens/s")
    go()
    assert until(made.id, "finished").done == 40
