"""What takes seconds is computed beside the page, which stands meanwhile and is drawn anew when it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import streamlit as st

from core.session.session import Session
from pages.parts import dialogs

PATIENCE, EVERY = 0.1, 0.5  # seconds: that a page waits itself, and between two looks after that
MANY = 60_000  # samples over which it takes seconds to let several methods select
WORKERS = ThreadPoolExecutor(2, "later")


def later(session: Session, key: Hashable, compute: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """The remembered value of `compute()`; None while that takes longer, which the page says: `what`, and for how long.

    what: a text, or what gives that of the moment where there are several steps. compute runs in a thread: it must not
    draw.
    """
    if key in session.memory:
        return session.remember(key, compute)
    waiting: dict[Hashable, Future] = st.session_state.setdefault("later", {})
    own = (id(session), key)
    patience = 0.0 if own in waiting else PATIENCE  # a page that is drawn meanwhile need not wait again
    if own not in waiting:
        waiting[own] = WORKERS.submit(session.remember, key, compute)
    future = waiting[own]
    try:
        value = future.result(patience)
    except TimeoutError:
        wait(future, what, time.monotonic())
        return None
    except Exception:
        del waiting[own]
        raise
    del waiting[own]
    return value


def later_if_large(session: Session, key: Hashable, compute: Callable[[], Any], what: str) -> Any:
    """The same for what takes long over more than MANY samples alone: with fewer it is computed at once, and kept by
    what it is made of.
    """
    return compute() if session.store.n_samples <= MANY else later(session, key, compute, what)


@st.fragment(run_every=EVERY)
def wait(future: Future, what: str | Callable[[], str], began: float) -> None:
    """Say what is waited for; once it is there the page is drawn anew, unless that would close a dialog."""
    if future.done() and not dialogs.stands():
        st.rerun()
    told = what if isinstance(what, str) else what()
    st.caption(f":material/hourglass_top: {told} … {time.monotonic() - began:.0f} s")
