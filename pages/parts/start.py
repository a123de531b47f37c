"""The start of a command from a page: what it is asked for, what it will cost, Start; then its job in that place."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import SaelectError
from core.jobs import start
from core.jobs.records import LIVING
from core.system.files import store_at
from core.system.shown import shown_path
from pages.parts.jobs import newest_job, show_job
from pages.parts.text import plain

KEY = re.compile("[0-9a-f]{16}")  # of a store
KEYS = (
    "The key comes from OPENAI_API_KEY alone, in the environment that the dashboard was started in: it is written to "
    "no command and no file."
)


@dataclass(frozen=True)
class Asked:
    """What a form amounts to: the arguments of python -m core, in which stores stand by their keys; the job's title;
    what it will cost, in sentences."""

    arguments: Sequence[str]
    title: str
    costs: Sequence[str] = ()


def start_form(name: str, keys: Sequence[str], ask: Callable[[], Asked], label: str, expanded: bool = True) -> None:
    """The newest job of a command on the stores of these keys, and the form for another one while it does not live.

    ask: draws the widgets; the SaelectError that it raises keeps the command from being started.
    """
    newest = newest_job(name, *keys)
    if newest:
        show_job(newest.id)
    if not newest or newest.state not in LIVING:
        st.session_state.setdefault(f"form-{name}", expanded)  # at first: later it is as a person left it
        fold = st.expander(label, icon=":material/play_circle:", key=f"form-{name}", on_change="rerun")
        if fold.open:  # what it costs may take a second to tell
            with fold:
                st.fragment(draw_form)(name, ask)


def draw_form(name: str, ask: Callable[[], Asked]) -> None:
    """The widgets, the costs or what stands against it, and Start."""
    asked, why_not = None, ""
    try:
        asked = ask()
    except SaelectError as error:
        why_not = str(error)
    if why_not:
        st.warning(plain(why_not), icon=":material/block:")
    elif asked and asked.costs:
        st.caption(plain(" ".join(filter(None, asked.costs))))
    if st.button("Start", icon=":material/play_arrow:", type="primary", key=f"start-{name}", disabled=not asked):
        begin(asked)
    if asked:
        st.caption("The same in a terminal:")
        st.code(in_a_terminal(asked.arguments), language=None, wrap_lines=True)


def in_a_terminal(arguments: Sequence[str]) -> str:
    """The command as it works wherever the cache lies: stores by their paths."""
    words = [shown_path(store_at(word)) if KEY.fullmatch(word) else shlex.quote(word) for word in arguments]
    return " ".join(["python -m core", *words])


def begin(asked: Asked) -> None:
    """Start the job, and draw the page with it."""
    try:
        start(asked.arguments, asked.title)
    except SaelectError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.rerun()
