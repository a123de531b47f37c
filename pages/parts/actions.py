"""What can be done with any samples: pin, ban, lift, tag, note, save as a set, aim at, compare, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.matrix.rows import among
from core.schema import SelectionSpec
from core.selection.targets import MOST_TARGETS
from core.session.preview import banned, lifted, pinned
from core.session.request import request_of
from core.system.shown import many
from pages.parts import marks
from pages.parts.asked import set_request
from pages.parts.changes import ask_first, named
from pages.parts.text import plain
from pages.parts.view import View, link

TOLD = 200  # rows that an address may name one by one


@dataclass(frozen=True)
class Decision:
    """A decision on samples: its button, the request it leads to, and how it is taken."""

    title: str
    icon: str
    told: str  # what it means, in plain words
    then: Callable[[SelectionSpec, Sequence[int]], SelectionSpec]
    take: Callable[[View, Sequence[int]], None]


PIN = Decision("Pin", ":material/push_pin:", "Always keep them.", pinned, lambda now, rows: now.workspace.pin(rows))
BAN = Decision(
    "Ban", ":material/do_not_disturb_on:", "Never keep them.", banned, lambda now, rows: now.workspace.ban(rows)
)
LIFT = Decision("Lift", ":material/undo:", "Undo both for them.", lifted, lambda now, rows: now.workspace.lift(rows))


def action_bar(
    now: View, rows: Sequence[int] | np.ndarray, key: str, name: str = "", reason: str = "", group: str = ""
) -> None:
    """Buttons for a set of samples; `name`: what the set is called where it is saved, unless another name is typed.

    reason: of their ban, if they are banned here. group: what Differences calls them, such as set:NAME; without it a
    few are told by their rows.
    """
    chosen = np.asarray(rows, np.int64).tolist()
    if not chosen:
        return
    own = among(now.session.store.n_samples, rows)
    pins, bans = (int(own[list(decided)].sum()) for decided in (now.state.pins, now.state.bans))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-actions"):
        st.html(f"<span style='opacity:.7'>{many(len(chosen), 'sample')}:</span>", width="content")
        button(now, chosen, PIN, key, pins == len(chosen))
        ban = replace(BAN, take=lambda now, rows: now.workspace.ban(rows, reason))
        button(now, chosen, ban, key, bans == len(chosen))
        if pins or bans:
            button(now, chosen, LIFT, key)
        with st.popover("Tag", icon=":material/sell:"):
            marks.tag(now, chosen, key)
        with st.popover("Note", icon=":material/edit_note:"):
            marks.note(now, chosen, key)
        with st.popover("Save as a set", icon=":material/bookmark_add:"):
            marks.save_set(now, chosen, key, name)
        with st.popover("Use as target", icon=":material/target:"):
            target(now, chosen, key, name)
        if (group or len(chosen) <= TOLD) and "a" not in st.session_state:  # on Differences the choice has it
            st.page_link("pages/differences.py", label="Compare", icon=":material/difference:",
                         query_params=link(a=group or named(chosen), b="rest"))  # fmt: skip
        with st.popover("Export", icon=":material/download:"):
            marks.export(now, chosen, key)


def button(now: View, rows: Sequence[int], decision: Decision, key: str, done: bool = False) -> None:
    """The button of a decision, dead where it stands for all of the samples already."""
    name = decision.title.lower()
    if st.button(decision.title, icon=decision.icon, key=f"{key}-{name}", disabled=done, help=decision.told):
        decide(now, rows, decision)


def decide(now: View, rows: Sequence[int], decision: Decision) -> None:
    """One sample at once; several after a look at what would leave and enter."""
    if len(rows) == 1:
        decision.take(now, rows)
        st.rerun()
    title = f"{decision.title}: {many(len(rows), 'sample')}"
    ask_first(now, title, decision.then(now.spec, rows), lambda: decision.take(now, rows))


def target(now: View, rows: Sequence[int], key: str, name: str) -> None:
    """Select what is most like them: they become a set, and the method nearest is aimed at it."""
    st.caption("Selects the samples that are most like these, by the model's own vectors (method nearest).")
    wanted = st.text_input("Keep them as the set", name, key=f"{key}-target", placeholder="type a name").strip()
    stands = now.state.sets.get(wanted)
    if stands is not None and set(stands) != set(rows):
        st.caption(f"There is a set “{plain(wanted)}” of other samples: take another name.")
    if len(rows) > MOST_TARGETS:
        st.caption(f"At most {MOST_TARGETS:,} samples can be targets.")
    usable = wanted and len(rows) <= MOST_TARGETS and (stands is None or set(stands) == set(rows))
    st.button("Select what is like them", key=f"{key}-aim", disabled=not usable, on_click=aim, args=(now, rows, wanted))


def aim(now: View, rows: Sequence[int], name: str) -> None:
    """Keep the samples as a set, and ask for those nearest to it."""
    if name not in now.state.sets:
        now.workspace.save_set(name, rows)
    asked = request_of(now.spec, now.session.store.key)
    set_request(replace(asked, method="nearest", options={"reference": f"set:{name}"}), now.session)
