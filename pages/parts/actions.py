"""What can be done with any set of samples: always keep, never keep, lift, tag, note, save as a set, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.schema import SelectionSpec
from core.session.preview import banned, lifted, pinned
from core.system.shown import many
from pages.parts import marks
from pages.parts.changes import ask_first
from pages.parts.view import View


@dataclass(frozen=True)
class Decision:
    """A decision on samples: its button, the request it leads to, and how it is taken."""

    title: str
    icon: str
    then: Callable[[SelectionSpec, Sequence[int]], SelectionSpec]
    take: Callable[[View, Sequence[int]], None]


KEEP = Decision("Always keep", ":material/push_pin:", pinned, lambda now, rows: now.workspace.pin(rows))
NEVER = Decision("Never keep", ":material/do_not_disturb_on:", banned, lambda now, rows: now.workspace.ban(rows))
LIFT = Decision("Lift", ":material/undo:", lifted, lambda now, rows: now.workspace.lift(rows))


def action_bar(now: View, rows: Sequence[int] | np.ndarray, key: str, name: str = "", reason: str = "") -> None:
    """Buttons for a set of samples; `name`: what the set is called where it is saved, unless another name is typed.

    reason: of their ban, if they are banned here.
    """
    chosen = np.asarray(rows, np.int64).tolist()
    if not chosen:
        return
    pins, bans = (len(set(decided).intersection(chosen)) for decided in (now.state.pins, now.state.bans))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-actions"):
        st.html(f"<span style='opacity:.7'>{many(len(chosen), 'sample')}:</span>", width="content")
        button(now, chosen, KEEP, key, pins == len(chosen))
        never = replace(NEVER, take=lambda now, rows: now.workspace.ban(rows, reason))
        button(now, chosen, never, key, bans == len(chosen))
        if pins or bans:
            button(now, chosen, LIFT, key)
        with st.popover("Tag", icon=":material/sell:"):
            marks.tag(now, chosen, key)
        with st.popover("Note", icon=":material/edit_note:"):
            marks.note(now, chosen, key)
        with st.popover("Save as a set", icon=":material/bookmark_add:"):
            marks.save_set(now, chosen, key, name)
        with st.popover("Export", icon=":material/download:"):
            marks.export(now, chosen, key)


def button(now: View, rows: Sequence[int], decision: Decision, key: str, done: bool = False) -> None:
    """The button of a decision, dead where it stands for all of the samples already."""
    name = decision.title.lower().replace(" ", "-")
    if st.button(decision.title, icon=decision.icon, key=f"{key}-{name}", disabled=done):
        decide(now, rows, decision)


def decide(now: View, rows: Sequence[int], decision: Decision) -> None:
    """One sample at once; several after a look at what would leave and enter."""
    if len(rows) == 1:
        decision.take(now, rows)
        st.rerun()
    title = f"{decision.title}: {many(len(rows), 'sample')}"
    ask_first(now, title, decision.then(now.spec, rows), lambda: decision.take(now, rows))
