"""What a person can mend is one sentence and status 2, never a traceback."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.cli import console
from core.cli.app import main
from core.system.files import PROJECT
from tests.core.cli.conftest import Done, process

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
    (["compare", "--budget", "5%,99"], "A budget must be from 1 to the 12 samples there are, got '99'"),
    (["compare", "--methods", "magic"], "Unknown method 'magic'"),
    (["compare", "--methods", "random, b"], "Unknown method 'b'"),
    (["select", "--budget", "inf%"], "The budget must be a whole number or a share such as 5%, got 'inf%'"),
    (["select", "--method", "random,quality"], "Unknown method 'random,quality'"),
    (["select", "--scope", "answer"], "Unknown scope 'answer': it must be one of all, prompt, response"),
    (["select", "--method", "random", "--seed", "-1"], "seed must be a whole number from 0 to 4,294,967,295, got -1"),
    (["select", "--method", "kmeans-random", "--seed", "5000000000"], "from 0 to 4,294,967,295, got 5000000000"),
    (["select", "--theta", "nan"], "theta must be a number of at least 0, got nan"),
    (["prove", "--methods", "magic"], "Unknown method 'magic'"),
    (["prove", "--budgets", "3,0"], "A budget must be a whole number of at least 1, got 0"),
    (["refine", "--k", "many"], "k must be a whole number of at least 0, silhouette or elbow, got 'many'"),
    (["score", "--columns", "beauty"], "beauty"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_a_mistake_about_a_store_is_one_sentence(run, tiny_store_path: Path, arguments: list[str], words: str) -> None:
    done = run(*arguments, "--store", str(tiny_store_path))
    assert done.status == 2
    said = done.err.strip().splitlines()[-1]
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
        (["decisions", "--store", "nowhere.duckdb"], "no feature store"),
        (["extract", "--data", "x", "--model", "m", "--sae", "s", "--max-tokens", "2"], "max_tokens"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(run, arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.status == 2
    assert words in done.err
    assert done.err.strip().splitlines()[-1].startswith("Error: ")


def test_a_mistake_in_a_process_of_its_own_has_no_traceback(tmp_path: Path) -> None:
    done = process("select", "--store", "nowhere.duckdb", cache=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "Error: There is no feature store at nowhere.duckdb: run `python -m core extract` first.\n"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "permission is denied"),
    ],
)
def test_a_disk_that_takes_nothing_is_one_sentence(number: int, words: str, capsys) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number), "some/file.json")

    assert main([], full) == 2
    assert re.fullmatch(rf"Error: some/file\.json cannot be .*, {words}: .* and try again\.\n", capsys.readouterr().err)


def test_other_failures_of_the_system_are_ours(capsys) -> None:
    def lost(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        main([], lost)


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_command_says_how_to_go_on(run, monkeypatch) -> None:
    monkeypatch.setattr("core.store.reader.open_store", interrupted)
    assert run("info", "--store", "x.duckdb") == Done(130, "", "Stopped. The same command goes on where it was.\n")


def test_text_that_a_terminal_would_obey_is_not_said(capsys) -> None:
    console.tell("Error: \x1b[31m[bold]no such file\u202e.")
    assert capsys.readouterr().err == "Error: \ufffd[31m[bold]no such file\ufffd.\n"


def test_a_reader_that_leaves_is_no_failure() -> None:
    """The pipe to it is closed before the command writes."""
    ends = os.pipe()
    os.close(ends[0])
    command = [sys.executable, "-m", "core", "methods"]
    done = subprocess.run(command, cwd=PROJECT, stdout=ends[1], stderr=subprocess.PIPE, text=True)
    os.close(ends[1])
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "yes"), (False, "no"), (1234, "1,234"), (0.5, "0.500"), ("a", "a")]
)
def test_a_table_says_yes_or_no_and_numbers_in_groups(value, shown):
    assert console.cell(value) == shown
