"""The file of test questions that samples must not hold: by upload or by its path; earlier ones can be looked at."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.datasets.uploads import keep_upload
from core.errors import DataError, SaelectError
from core.jobs.records import LIVING
from core.studies.health.kept import comparisons
from core.system.files import with_home
from pages.parts.choices import choose
from pages.parts.jobs import newest_job, show_job
from pages.parts.start import Asked, begin
from pages.parts.text import plain, whole
from pages.parts.view import View

WORDS = ("health", "--against")  # of the command


def ask_for_tests(now: View) -> None:
    """Which comparison is looked at, and the form for another one; in its place the job that makes it."""
    store = now.session.store
    newest = newest_job(*WORDS, store.key)
    if newest and newest.state != "finished":
        show_job(newest.id)
    if newest and newest.state in LIVING:
        return
    known = {digest: whole(finding.note.rstrip(".")) for digest, finding in comparisons(store).items()}
    if len(known) > 1:
        with st.container(width=480):
            choose("Compared with", "against", known)
    with st.expander("Compare with a file of test questions", not known, icon=":material/quiz:", key="health-tests"):
        form(now)


def form(now: View) -> None:
    """The file, and the button."""
    left, right = st.columns(2)
    given = left.file_uploader("JSON, JSON Lines, CSV, Parquet or a text of one question a line", key="health-file")
    path = right.text_input("Or its path on this machine", key="health-path", placeholder="/home/me/tests/gsm8k.jsonl")
    st.caption("Every sample that shares 13 words in a row with a question is found; 8 words with a short one.")
    if st.button("Compare", type="primary", icon=":material/play_arrow:", key="health-compare",
                 disabled=not (given or path.strip())):  # fmt: skip
        try:
            file = keep_upload(given.name, given) if given else asked_for(path)
            compare(now, file)
        except SaelectError as error:
            st.error(plain(error), icon=":material/error:")


def asked_for(path: str) -> Path:
    """The file at a path that a person typed; raises DataError if there is none."""
    file = Path(with_home(path.strip())).absolute()
    if not file.is_file():
        raise DataError(f"There is no file {path.strip()}.")
    return file


def compare(now: View, file: Path) -> None:
    """Start the job."""
    arguments = ["health", "--store", now.session.store.key, "--check", "contamination", "--against", str(file)]
    begin(Asked(arguments, f"Test questions of {file.name}"))
