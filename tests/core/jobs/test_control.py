"""Jobs as real processes: one at a time, cancelled, killed, resumed, cleared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from core.errors import JobError
from core.jobs import cancel, clear, control, job, jobs, log, resume, start
from core.jobs.control import exists
from core.jobs.locks import is_held
from core.jobs.records import LOCK, folder_of
from core.system.files import PROJECT
from tests.core.jobs.conftest import SCRIPT

STUBBORN = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM)[: int(sys.argv[1])]:
    signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(100)
"""
HURRIED = """
import sys, pathlib
from core.jobs import runner
runner.PATIENCE = 0.2
runner.main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
"""


def test_a_job_keeps_what_was_asked_and_what_came_of_it(begin, go, until, tmp_path) -> None:
    go()
    made = begin("a")
    assert (made.title, made.command, made.started) == ("Job a", ("a", str(tmp_path)), "")
    done = until(made.id, "finished")
    assert done.result == str(tmp_path / "a.duckdb") and done.error == ""
    assert done.created[:19] <= done.started[:19] <= done.ended[:19]
    assert log(made.id).startswith("stores\n")
    with pytest.raises(JobError, match="nothing to resume"):
        resume(made.id)
    with pytest.raises(JobError, match="it is finished"):
        cancel(made.id)


def test_one_runs_and_the_others_wait_in_the_order_they_came(begin, go, until, told) -> None:
    first = begin("a")
    until(first.id, "running")
    others = [begin("b"), begin("c")]
    assert [each.state for each in jobs()] == ["waiting", "waiting", "running"]
    assert [each.id for each in jobs()] == [others[1].id, others[0].id, first.id]
    go()
    until(others[1].id, "finished")
    assert told() == [f"{what} {name}" for name in "abc" for what in ("begin", "end")]


def test_processes_that_start_jobs_at_once_start_one_after_the_other(cache, go, until, told, tmp_path) -> None:
    """They have ended themselves long before: no page needs to be open."""
    go()
    code = "import sys; from core.jobs import start; start(sys.argv[2:], 'Job', program=('-c', sys.argv[1]))"
    for starter in [
        subprocess.Popen([sys.executable, "-c", code, SCRIPT, name, str(tmp_path)], cwd=PROJECT) for name in "ab"
    ]:
        assert starter.wait() == 0
    assert len(jobs()) == 2
    for each in jobs():
        until(each.id, "finished")
    lines = told()
    assert [line.split()[0] for line in lines] == ["begin", "end"] * 2
    assert sorted(lines) == ["begin a", "begin b", "end a", "end b"]


def test_a_cancelled_job_keeps_what_it_did_and_goes_on(begin, go, until, told, wait) -> None:
    made = begin("a")
    wait(told)
    assert cancel(made.id).stage == "Stopping"
    assert until(made.id, "cancelled").ended and told() == ["begin a", "stop a"]
    go()
    assert resume(made.id).id == made.id
    assert until(made.id, "finished").started and told()[2:] == ["begin a", "end a"]
    assert len(jobs()) == 1


def test_a_waiting_job_is_cancelled_without_having_begun(begin, go, until, told) -> None:
    first, second = begin("a"), begin("b")
    cancel(second.id)
    assert until(second.id, "cancelled").started == ""
    go()
    until(first.id, "finished")
    assert "begin b" not in told()


@pytest.mark.parametrize("deaf", [1, 2], ids=["SIGINT", "SIGINT and SIGTERM"])
def test_a_command_that_does_not_listen_is_told_more_firmly(cache, monkeypatch, until, wait, deaf) -> None:
    monkeypatch.setattr(control, "RUNNER", ("-c", HURRIED))
    made = start([str(deaf)], "Deaf", program=("-c", STUBBORN))
    wait(lambda: "deaf" in log(made.id))
    cancel(made.id)
    assert until(made.id, "cancelled").ended
    wait(lambda: not is_held(folder_of(made.id) / LOCK))  # nobody lives


def test_a_killed_job_is_told_as_interrupted_and_goes_on(begin, go, until, told, wait, runner) -> None:
    made, other = begin("a"), begin("b")
    wait(told)
    assert os.getsid(runner(made.id)) == runner(made.id) != os.getsid(0)
    os.killpg(runner(made.id), signal.SIGKILL)
    found = until(made.id, "interrupted")
    assert found.started and not found.ended and not found.result
    wait(lambda: "begin b" in told())  # the turn is free
    assert resume(made.id).state == "waiting"
    go()
    until(made.id, "finished")
    assert told() == ["begin a", "begin b", "end b", "begin a", "end a"]
    assert job(other.id).state == "finished"


def test_a_command_whose_runner_was_killed_alone_keeps_its_turn_and_can_be_cancelled(
    begin, until, told, wait, runner
) -> None:
    made, other = begin("a"), begin("b")
    wait(told)
    process = runner(made.id)
    os.kill(process, signal.SIGKILL)
    wait(lambda: not exists(process))
    assert job(made.id).state == "running" and job(other.id).state == "waiting"
    for ask in (resume, clear):
        with pytest.raises(JobError, match="has not ended"):
            ask(made.id)
    cancel(made.id)
    until(made.id, "cancelled")
    assert told()[:2] == ["begin a", "stop a"]
    until(other.id, "running")


def test_a_failed_command_leaves_its_sentence(cache, until) -> None:
    made = start(["jobs", "--log", "nothing"], "Look")
    done = until(made.id, "failed")
    assert done.error == "There is no job 'nothing': python -m core jobs lists those there are." and done.ended
    again = until(resume(made.id).id, "failed")
    assert again.error == done.error and log(made.id).count("Error: ") == 1


def test_a_job_that_has_ended_is_cleared_into_the_trash(begin, go, until, cache) -> None:
    made = begin("a")
    until(made.id, "running")
    with pytest.raises(JobError, match=f"Job {made.id} has not ended: wait for it, or cancel it first."):
        clear(made.id)
    go()
    until(made.id, "finished")
    assert clear(made.id) == cache / "trash" / "jobs" / made.id
    assert jobs() == [] and (cache / "trash" / "jobs" / made.id / "job.json").exists()
    with pytest.raises(JobError, match="There is no job"):
        job(made.id)
