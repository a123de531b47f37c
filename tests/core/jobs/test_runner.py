"""What is shown of a command that failed."""

from __future__ import annotations

import pytest

from core.jobs.runner import last_line, sentence


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        ("Note: x\nError: The budget must be a number.\n", 2, "The budget must be a number."),
        ("Error: First.\nmore\nError: Second.\n\n", 2, "Second."),
        ("Traceback:\n  File\nValueError: shape\n", 1, "ValueError: shape"),
        (" \n", 1, "The command ended with status 1 and said nothing."),
        ("half a line", -9, "The command was ended by signal 9, Killed: perhaps the memory did not suffice."),
        ("", -11, "The command was ended by signal 11, Segmentation fault."),
    ],
)
def test_the_sentence(said, status, told) -> None:
    assert sentence(said, status) == told


def test_the_last_line_holds_something() -> None:
    assert last_line("a\n b \n\n \n") == "b" and last_line("") == last_line("\n\n") == ""
