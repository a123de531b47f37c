"""The findings of the view's store: read where they are kept; made at once where that is quick, else by a job."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.jobs.records import LIVING
from core.store.meta import data_named
from core.studies.health import CHECKS, Finding, health
from core.studies.health.kept import SECONDS, comparisons, unmade
from core.system.shown import duration, many
from pages.parts.address import get
from pages.parts.jobs import newest_job, show_job
from pages.parts.later import later
from pages.parts.start import Asked, begin
from pages.parts.view import View

AT_ONCE = 2.0  # seconds
TESTS = "contamination"


def made(now: View) -> dict[str, Finding]:
    """What the checks found, by name; what is not made yet is missing, and the page says how to make it."""
    missing = unmade(now.session.store)
    if missing and quick(now):
        missing = made_at_once(now, missing)
    elif missing:
        offer(now, len(missing))
    return kept(now, missing)


def kept(now: View, missing: list[str]) -> dict[str, Finding]:
    """The findings that are kept, and those that take no time; of test questions those of the file in the address."""
    store, names = now.session.store, [name for name in CHECKS if name not in missing]
    found: Mapping[str, Finding] = now.session.remember(("health", *names), lambda: health(store, names))
    asked = comparisons(store)
    chosen = asked.get(get("against")) or next(iter(asked.values()), None)
    return {**found, **({TESTS: chosen} if chosen else {})}


def quick(now: View) -> bool:
    """Whether all checks are made while a person waits."""
    return now.session.store.n_samples * SECONDS < AT_ONCE


def made_at_once(now: View, missing: list[str]) -> list[str]:
    """Make the checks beside the page; what is still missing, which is nothing once they are made."""
    store = now.session.store
    done = later(now.session, ("health made", *missing), lambda: health(store, missing), "The samples are looked at")
    return missing if done is None else []


def offer(now: View, n: int) -> None:
    """A button that has the checks made, and in its place how far that is."""
    store = now.session.store
    newest = newest_job("health", store.key)
    if newest and newest.state != "finished":
        show_job(newest.id)
    if newest and newest.state in LIVING:
        return
    takes = duration(store.n_samples * SECONDS)
    with st.container(border=True, key="health-run"):
        st.write(f"{many(n, 'check has', 'checks have')} not been made on these {store.n_samples:,} samples yet.")
        if st.button("Check the data", icon=":material/play_arrow:", type="primary", key="health-start"):
            begin(Asked(["health", "--store", store.key], f"Health of {data_named(store.meta)}"))
        st.caption(f"It takes about {takes}, once: what is found is kept beside the data set.")
