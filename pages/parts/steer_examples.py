"""Examples to paste as a target: the model and the SAE read them in a job, then they are a store like any other."""

from __future__ import annotations

import shlex

import streamlit as st

from core.errors import SaelectError
from core.jobs import job, start
from core.jobs.records import LIVING
from core.session.examples import examples_in, keep_examples, read_as
from core.settings import arguments
from core.system.shown import many, without_folders
from pages.parts.data_run import is_store, shown, store_of
from pages.parts.jobs import show_job
from pages.parts.text import plain
from pages.parts.view import View

JOB = "examples-job"  # in the session: the job that reads what was pasted


def paste_examples(now: View) -> None:
    """A box to paste examples into, and the job that reads them."""
    text = st.text_area("Or paste examples", key="examples-text", height=150,
                        placeholder="One a line, or longer ones with a blank line between them.")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Their name", key="examples-name", placeholder="examples")
        asked = st.button("Read them", icon=":material/play_arrow:", key="examples-read", disabled=not text.strip())
    if asked:
        read(now, text, name)
    made = st.session_state.get(JOB, "")
    found = show_job(made) if made else None
    if found is None:
        st.caption("The model and the SAE of this data set read them, which takes about a minute.")
    elif found.state not in LIVING:
        st.caption("In a terminal:")
        st.code(shlex.join(["python", "-m", "core", *map(shown, found.command)]), language=None, wrap_lines=True)


def read(now: View, text: str, name: str) -> None:
    """Keep the examples and start the job that reads them."""
    try:
        examples = examples_in(text)
        config = read_as(now.session.store, keep_examples(examples, name))
        made = start(["extract", *arguments(config)], f"{many(len(examples), 'example')}: {name.strip() or 'pasted'}")
    except SaelectError as error:
        st.warning(plain(without_folders(str(error))), icon=":material/error:")
        return
    st.session_state[JOB] = made.id
    st.rerun()


def just_read() -> str:
    """The store of the examples that a job has just read, once; "" as long as there is none."""
    try:
        found = job(st.session_state.get(JOB, ""))
    except SaelectError:
        return ""
    key = store_of(found) if found.state == "finished" else ""
    if not is_store(key) or st.session_state.get(f"{JOB}-taken") == found.id:
        return ""
    st.session_state[f"{JOB}-taken"] = found.id
    return key
