"""A job on a page: how it stands, refreshed every second as long as it lives, with cancel, resume and clear.

    begun = start(["prove", "--store", key], "Proof of my.jsonl")   # core.jobs
    show_job(begun.id)

and whenever the page is drawn again, after its tab was closed or the dashboard restarted:

    newest = newest_job("prove", key)
    if newest:
        show_job(newest.id)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st

from core.errors import JobError
from core.jobs import Job, cancel, clear, job, jobs, log, resume
from core.jobs.records import LIVING, seconds_of
from core.system.shown import duration
from pages.parts import dialogs
from pages.parts.text import escape, plain, whole

EVERY = 1.0  # seconds between two looks at a living job
LINES = 200  # of the log, from its end
LOOKS = {  # of each state: icon, colour
    "waiting": (":material/schedule:", "gray"),
    "running": (":material/play_circle:", "blue"),
    "finished": (":material/check_circle:", "green"),
    "failed": (":material/error:", "red"),
    "cancelled": (":material/cancel:", "gray"),
    "interrupted": (":material/power_off:", "orange"),
}
TOLD = {  # what there is to know of a state beside its name
    "waiting": "Another job is running: this one begins as soon as it has ended.",
    "cancelled": "What was done is kept: Resume goes on where it was.",
    "interrupted": "Its process is gone, after a restart of the machine perhaps. Resume goes on where it was.",
}


def show_job(id: str) -> Job | None:
    """One job with all that can be done to it; gives it as it stands now, None if there is none of that id.

    As long as it lives it is drawn again every second, by itself; once it has ended, the whole page is.
    """
    try:
        found = job(id)
    except JobError:
        return None
    lives = found.state in LIVING
    st.fragment(draw_job, run_every=EVERY if lives else None)(id, lives)
    return found


def newest_job(*words: str) -> Job | None:
    """The job started last of those whose command has all these words, such as "prove" and a store's key."""
    return next((each for each in jobs() if set(words) <= set(each.command)), None)


def job_lives(*words: str) -> bool:
    """Whether the job started last of those whose command has all these words waits or runs."""
    newest = newest_job(*words)
    return newest is not None and newest.state in LIVING


def draw_job(id: str, lived: bool) -> None:
    """A job in a box; `lived`: as the page was drawn it had not ended."""
    try:
        found = job(id)
    except JobError:  # cleared from elsewhere
        st.rerun()
    if lived and found.state not in LIVING and not dialogs.stands():
        st.rerun()
    with st.container(border=True, key=f"job-{id}"):
        draw_head(found)
        draw_state(found)
        draw_buttons(found)
        with st.expander("Log", icon=":material/terminal:"):
            draw_log(id)


def draw_head(found: Job) -> None:
    """Title, state, and how long it has run."""
    icon, colour = LOOKS[found.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f"<strong style='overflow-wrap:anywhere'>{escape(whole(found.title))}</strong>", width="content")
        st.badge(found.state.capitalize(), icon=icon, color=colour)
        if found.started:
            st.caption(f"{'Took' if found.ended else 'For'} {duration(seconds_of(found))}", width="content")


def draw_state(found: Job) -> None:
    """How far it is, or what became of it."""
    if found.state == "running":
        st.progress(share(found), text=plain(" · ".join(filter(None, reached(found)))))
    elif found.state == "failed":
        st.error(plain(found.error), icon=":material/error:")
    elif found.state in TOLD:
        st.caption(TOLD[found.state])


def share(found: Job) -> float:
    """What of its stage is done, 0 to 1; 0 where nobody knows."""
    return min(max(found.done / found.total, 0.0), 1.0) if found.total else 0.0


def reached(found: Job) -> tuple[str, ...]:
    """Stage, share, rate and time left of a running job, empty where they are not known."""
    part = f"{share(found):.0%}" if found.total else ""
    left = f"{duration(found.seconds_left)} left" if found.seconds_left is not None and part else ""
    return (f"{found.stage or 'Starting'}{'' if part else ' …'}", part, found.rate, left)


def draw_buttons(found: Job) -> None:
    """What can be done to it now."""
    with st.container(horizontal=True):
        if found.state in LIVING:
            action(found, "Cancel", ":material/stop:", cancel, disabled=found.stage == "Stopping")
            return
        if found.state != "finished" and found.created:
            action(found, "Resume", ":material/play_arrow:", resume, type="primary")
        action(found, "Clear", ":material/delete:", clear, help="Take it off this list; what it has made is kept.")


def action(found: Job, label: str, icon: str, act: Callable[[str], Any], **options: Any) -> None:
    """A button that does something to a job, and has the page drawn again."""
    if st.button(label, icon=icon, key=f"{act.__name__}-{found.id}", **options):
        with suppress(JobError):  # it has ended, or somebody else was quicker: the page shows what it is now
            act(found.id)
        st.rerun()


def draw_log(id: str) -> None:
    """The end of what it said."""
    said = [line for line in whole(log(id)).splitlines() if line.strip()]
    st.code("\n".join(said[-LINES:]) or "It has said nothing yet.", language=None, wrap_lines=True, height=240)
