"""The command that shows the jobs which the dashboard started, and stops and resumes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import UNPRINTABLE, machine, show
from core.cli.options import AsJson

if TYPE_CHECKING:
    from core.jobs import Job


def jobs(
    cancel: Annotated[str, typer.Option(metavar="ID", help="Stop this job; what it has done is kept.")] = "",
    resume: Annotated[str, typer.Option(metavar="ID", help="Let this job go on.")] = "",
    log: Annotated[str, typer.Option(metavar="ID", help="Show what this job's command said and printed.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the commands that run in the background, waiting or over; stop, resume or look into one. One runs at a time.

    Example: python -m core jobs --cancel 20260131-120000-123456
    """
    from core import jobs as room

    if log:
        print(UNPRINTABLE.sub("\ufffd", room.log(log)), end="")
        return
    if cancel:
        room.cancel(cancel)
    if resume:
        room.resume(resume)
    found = room.jobs()
    if as_json:
        machine([asdict(job) for job in found])
        return
    show([row(job) for job in found]) if found else print("No jobs.")


def row(job: Job) -> dict[str, Any]:
    """A job as a line of the table."""
    came_of = job.error or job.result or progress(job)
    return {"job": job.id, "title": job.title, "state": job.state, "progress or result": came_of}


def progress(job: Job) -> str:
    """How far it has come: Extracting: 20 of 80, 3 samples/s, 1 min left."""
    steps = f"{job.done:,.0f} of {job.total:,.0f}" if job.total and job.total > 1 else ""
    left = f"{job.seconds_left / 60:,.0f} min left" if job.seconds_left and job.state == "running" else ""
    parts = ", ".join(part for part in (steps, job.rate if left else "", left) if part)
    return f"{job.stage}: {parts}" if parts else job.stage
