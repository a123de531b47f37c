"""What is read of a job's folder, whatever is in it."""

from __future__ import annotations

import os
import sys

import pytest

from core.errors import JobError
from core.jobs import clear, job, jobs, log, resume
from core.jobs.locks import hold, is_held
from core.jobs.records import state
from core.system.kept import write_json

WHOLE = {"command": ["methods"], "title": "Whole", "created": "2026-01-31T12:00:00", "program": ["-m", "core"]}


def folder(cache, name: str, **files):
    for file, content in files.items():
        path = cache / "jobs" / name / f"{file}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content) if isinstance(content, str) else write_json(path, content)


@pytest.mark.parametrize("content", ["", "{", "[1]", "{}", '{"command": 3, "title": "", "created": ""}', "\0"])
def test_a_damaged_job_hides_no_other_and_can_be_cleared(cache, content) -> None:
    folder(cache, "1", job=WHOLE, state={"state": "finished", "result": "r"})
    folder(cache, "2", job=content)
    folder(cache, "3", job=WHOLE, state="{")
    (cache / "jobs" / "note.txt").touch()
    assert [(each.id, each.state) for each in jobs()] == [("3", "interrupted"), ("2", "failed"), ("1", "finished")]
    assert job("2").error == "job.json of this job is damaged: clear the job and start it again."
    with pytest.raises(JobError, match="damaged"):
        resume("2")
    clear("2")
    assert [each.id for each in jobs()] == ["3", "1"]


@pytest.mark.parametrize("id", ["", ".", "..", "../jobs/1", "1/", "none", "/", "1\n"])
def test_what_is_no_job_of_the_cache_is_refused(cache, id) -> None:
    folder(cache, "1", job=WHOLE)
    with pytest.raises(JobError, match="There is no job"):
        job(id)


def test_the_log_is_what_was_said_and_then_printed_each_line_in_its_last_state(cache) -> None:
    folder(cache, "1", job=WHOLE)
    assert log("1") == ""
    (cache / "jobs" / "1" / "log.txt").write_bytes(b"\r  0%\r 50%\r100%\nNote: x\r\n\xff\n")
    (cache / "jobs" / "1" / "output.txt").write_text("made\n")
    assert log("1") == "100%\nNote: x\r\n\ufffd\nmade\n"


def test_no_cache_no_jobs(cache) -> None:
    assert jobs() == [] and not cache.exists()


@pytest.mark.parametrize(
    ("record", "lives", "stopping", "told"),
    [
        ({}, True, False, "waiting"),
        ({}, True, True, "waiting"),
        ({"started": "t"}, True, False, "running"),
        ({"started": "t"}, False, False, "interrupted"),
        ({"started": "t"}, False, True, "cancelled"),
        ({}, False, False, "interrupted"),
        ({"state": "finished"}, False, True, "finished"),
        ({"state": "failed"}, True, False, "failed"),
        ({"state": ["x"]}, False, False, "interrupted"),
    ],
)
def test_the_state(record, lives, stopping, told) -> None:
    assert state(record, lives, stopping) == told


def test_a_lock_is_held_once_and_looking_at_it_takes_nothing(tmp_path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    descriptor = hold(path)
    assert is_held(path) and is_held(path) and hold(path) is None
    copy = os.dup(descriptor)  # what a child has
    os.close(descriptor)
    assert is_held(path)
    os.close(copy)
    assert not is_held(path)


def test_a_system_without_such_locks_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(JobError, match="Linux or macOS"):
        hold(tmp_path / "lock")
