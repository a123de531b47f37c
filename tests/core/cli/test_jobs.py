"""The command that lists jobs, and stops and resumes them."""

from __future__ import annotations

import json
import time

import pytest

from core.cli.jobs import progress
from core.jobs import Job, job, start

SLEEPS = "import sys, time; print('half way', file=sys.stderr, flush=True); time.sleep(100)"


def test_jobs_are_listed_stopped_and_looked_into(run) -> None:
    assert run("jobs").out == "No jobs.\n" and json.loads(run("jobs", "--json").out) == []
    made = start([], "Sleep a while", program=("-c", SLEEPS))
    while "half way" not in run("jobs", "--log", made.id).out:
        time.sleep(0.05)
    assert "Sleep a while" in run("jobs").out
    (found,) = json.loads(run("jobs", "--cancel", made.id, "--json").out)
    assert found["id"] == made.id and found["stage"] == "Stopping"
    while job(made.id).state == "running":
        time.sleep(0.05)
    assert "cancelled" in run("jobs").out
    (found,) = json.loads(run("jobs", "--resume", made.id, "--json").out)
    assert found["state"] in ("waiting", "running")
    run("jobs", "--cancel", made.id)
    while job(made.id).state != "cancelled":
        time.sleep(0.05)


@pytest.mark.parametrize("option", ["--cancel", "--resume", "--log"])
def test_a_job_that_is_not_there_is_one_sentence(run, option) -> None:
    done = run("jobs", option, "none")
    assert done.status == 2 and done.err.startswith("Error: There is no job 'none'")


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, ""),
        ({"stage": "Loading"}, "Loading"),
        ({"stage": "Loading", "done": 1.0, "total": 1.0}, "Loading"),
        (
            {"stage": "Extracting", "done": 2e3, "total": 8e3, "rate": "9 tokens/s", "seconds_left": 90.0},
            "Extracting: 2,000 of 8,000, 9 tokens/s, 2 min left",
        ),
        ({"stage": "Extracting", "done": 2.0, "total": 8.0, "rate": "9 tokens/s"}, "Extracting: 2 of 8"),
    ],
)
def test_how_far_a_job_is(known, told) -> None:
    assert progress(Job("1", "Extract", ("extract",), "running", "", **known)) == told
