"""What an extraction will take, its start, and how it goes on."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import streamlit as st

from core.errors import SaelectError
from core.jobs import Job, clear, job, jobs, start
from core.jobs.records import LIVING
from core.schema import ExtractConfig
from core.settings import arguments
from core.system.files import PROJECT, cache_path
from core.system.shown import duration, many, size_told
from pages.parts.data_source import name_of
from pages.parts.jobs import show_job
from pages.parts.text import plain
from pages.parts.view import FIRST, OPENED, metrics

JOB = "job"  # in the address: the job that is shown
WATCHED = "watched-job"  # in the session: the job that lived when the page was last drawn
MAKERS = {"extract", "demo"}  # commands that make a store of data


# --- a store that is being made


def making() -> Job | None:
    """The job that makes a store: the one in the address, else the newest."""
    return asked_job() or next(filter(makes_store, jobs()), None)


def carries_out(found: Job, config: ExtractConfig | None) -> bool:
    """Whether a job is that of a request."""
    return config is not None and found.command == ("extract", *arguments(config))


def show_making(found: Job, busy: bool) -> None:
    """A job that makes a store. Once it has ended before the eyes of a person who is not busy, its store opens."""
    watched = st.session_state.pop(WATCHED, "")
    if found.state == "finished" and watched == found.id and not busy:
        open_store(store_of(found))
    shown = show_job(found.id)
    if shown and shown.state in LIVING:
        st.session_state[WATCHED] = shown.id
    if shown and shown.state == "finished" and is_store(store_of(shown)) and open_button():
        open_store(store_of(shown))


def open_button() -> bool:
    """Whether a person asks for the store that was made."""
    return st.button("Open the store", icon=":material/open_in_new:", type="primary", key="open-made")


def asked_job() -> Job | None:
    """The job that the address names, if it makes a store."""
    try:
        found = job(st.query_params.get(JOB, ""))
    except SaelectError:
        return None
    return found if makes_store(found) else None


def makes_store(found: Job) -> bool:
    """Whether a job makes a store of data."""
    return bool(MAKERS.intersection(found.command[:1]))


def store_of(made: Job) -> str:
    """The key of the store that a finished job has made."""
    return Path(made.result).stem


def is_store(key: str) -> bool:
    """Whether the cache has a store of this key."""
    return bool(key) and cache_path(f"{key}.duckdb").is_file()


def open_store(key: str) -> None:
    """Go to the Overview of a store.

    With the first store there is, by its address: a change of page drops what is bound to the address since this run.
    """
    if not is_store(key):
        return
    if st.session_state.get(FIRST):
        address = json.dumps(f"./?store={key}")
        st.html(f"<script>window.location.assign({address})</script>", unsafe_allow_javascript=True)
        st.stop()
    st.session_state[OPENED] = key
    st.switch_page("pages/overview.py", query_params={})


# --- what it will take


def show_start(config: ExtractConfig) -> None:
    """What the extraction will take, and Start."""
    st.subheader("4 · What it will take", anchor=False)
    command = arguments(config)
    estimates = [each for each in jobs() if each.command == ("estimate", *command, "--json")]
    if estimates:
        show_estimate(estimates[0])
    with st.container(horizontal=True):
        living = bool(estimates) and estimates[0].state in LIVING
        if st.button("Estimate", icon=":material/timer:", key="estimate", disabled=living,
                     help="Reads all data once, loads the model and tries 32 samples."):  # fmt: skip
            begin(["estimate", *command, "--json"], f"Estimate for {title_of(config)}", instead_of=estimates)
        if st.button("Start", icon=":material/play_arrow:", type="primary", key="start"):
            begin(["extract", *command], f"Feature store of {title_of(config)}", instead_of=estimates, shown=True)
    st.caption("In a terminal:")
    st.code(shlex.join(["python", "-m", "core", "extract", *map(shown, command)]), language=None, wrap_lines=True)


def title_of(config: ExtractConfig) -> str:
    """What the data of a request are called."""
    return ", ".join(map(name_of, config.data))


def shown(word: str) -> str:
    """A word of the command; what the project ships, relative to it."""
    return str(Path(word).relative_to(PROJECT)) if word.startswith(f"{PROJECT}/assets/") else word


def begin(command: list[str], title: str, instead_of: list[Job], shown: bool = False) -> None:
    """Start a job in the place of estimates that have ended, and draw the page with it; `shown`: in the address too."""
    try:
        made = start(command, title)
        for old in instead_of:
            if old.state not in LIVING:
                clear(old.id)
    except SaelectError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if shown:
        st.query_params[JOB] = made.id
    st.rerun()


def show_estimate(found: Job) -> None:
    """A job that estimates; once it has finished, what it found."""
    if found.state != "finished":
        show_job(found.id)
        return
    try:
        told = json.loads(found.result)
        tokens, read = told["tokens"], told["read"]
        unread = "all are read" if read >= tokens else f"{read / max(tokens, 1):.0%} of them are read"
        metrics(
            ("Samples", f"{told['samples']:,}", f"estimated from {many(told['probe'], 'sample')}"),
            ("Tokens", f"about {tokens:,}", unread),
            ("Time", f"about {duration(told['seconds'])}", "on this machine, at its present load"),
            ("Disk", size_told(told["disk"]), f"{size_told(told['free_disk'])} are free"),
            ("Memory", size_told(told["memory"]), f"{size_told(told['free_memory'])} are free"),
        )
    except (ValueError, KeyError, TypeError):  # a result of another version
        st.warning("This estimate cannot be read. Make it again.", icon=":material/error:")
        return
    for what in ("disk", "memory"):
        if 0 < told[f"free_{what}"] < told[what]:
            st.warning(f"There is not enough {what} for this.", icon=":material/warning:")
