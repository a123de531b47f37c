"""What can be done with any set of samples: keep them always, never keep them, note, add to a set, lift, download."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.errors import SaelectError
from core.explain.leaks import Change
from core.schema import SelectionSpec
from core.session.preview import banned, effect, pinned
from core.system.shown import many
from pages.parts.tables import samples_table
from pages.parts.text import plain
from pages.parts.view import View

LISTED = 200  # samples listed of those that leave or enter


@dataclass(frozen=True)
class Decision:
    """A decision on samples: its button, how it is told once taken, the request it leads to, and how it is taken."""

    title: str
    icon: str
    told: str
    then: Callable[[SelectionSpec, Sequence[int]], SelectionSpec]
    take: Callable[[View, Sequence[int]], None]


KEEP = Decision("Always keep", ":material/push_pin:", "pinned", pinned, lambda now, rows: now.workspace.pin(rows))
NEVER = Decision(
    "Never keep", ":material/do_not_disturb_on:", "banned", banned, lambda now, rows: now.workspace.ban(rows)
)


def action_bar(now: View, rows: Sequence[int] | np.ndarray, key: str, name: str = "") -> None:
    """Buttons for a set of samples; `name`: what the set is called where it is saved, unless another name is typed."""
    chosen = np.asarray(rows, np.int64).tolist()
    if not chosen:
        return
    told = many(len(chosen), "sample")
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-actions"):
        st.html(f"<span style='opacity:.7'>{told}:</span>", width="content")
        for decision in (KEEP, NEVER):
            if st.button(decision.title, icon=decision.icon, key=f"{key}-{decision.told}"):
                decide(now, chosen, decision)
        decided = set(now.state.pins) | set(now.state.bans)
        if len(chosen) > 1 and decided.intersection(chosen) and st.button("Lift pins and bans", key=f"{key}-lift"):
            now.workspace.unpin(chosen)
            now.workspace.unban(chosen)
            st.rerun()
        with st.popover("Save as a set", icon=":material/bookmark_add:"):
            save_set(now, chosen, key, name)
        with st.popover("Note", icon=":material/edit_note:"):
            write_note(now, chosen, key)


def decide(now: View, rows: Sequence[int], decision: Decision) -> None:
    """One sample at once; several after a look at what would leave and enter."""
    if len(rows) == 1:
        take(now, rows, decision, None)
    st.dialog(f"{decision.title}: {many(len(rows), 'sample')}", width="large")(confirm)(now, rows, decision)


def confirm(now: View, rows: Sequence[int], decision: Decision) -> None:
    """What would change, and the button that does it."""
    try:
        found = effect(now.session, now.spec, decision.then(now.spec, rows))
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    st.write(outcome(now, found))
    if st.button(f"{decision.title}: {many(len(rows), 'sample')}", type="primary", key="take-decision"):
        take(now, rows, decision, found)
    for title, some in (("Would leave", found.leaving), ("Would enter", found.entering)):
        if len(some):
            shown = f", the first {LISTED} are listed" if len(some) > LISTED else ""
            st.caption(f"{title}: {len(some):,}{shown}")
            samples_table(now, some[:LISTED], f"preview-{title}")


def outcome(now: View, found: Change) -> str:
    """The change in one sentence."""
    if not len(found.leaving) + len(found.entering):
        return "The same samples would be kept."
    before, after = found.covered
    return (
        f"{len(found.leaving):,} of the kept samples would leave and {len(found.entering):,} would enter; "
        f"{after:,} {now.noun}s would be covered instead of {before:,}."
    )


def take(now: View, rows: Sequence[int], decision: Decision, found: Change | None) -> None:
    """Take the decision, say what it changed, and draw the page anew."""
    try:
        found = found or effect(now.session, now.spec, decision.then(now.spec, rows))
    except SaelectError:  # the page says so itself once the decision stands
        found = None
    decision.take(now, rows)
    moved = f" {len(found.leaving):,} left, {len(found.entering):,} entered." if found else ""
    st.toast(f"{many(len(rows), 'sample')} {decision.told}.{moved} Undo is in the sidebar.", icon=decision.icon)
    st.rerun()


def save_set(now: View, rows: Sequence[int], key: str, name: str) -> None:
    """Under a new name, or added to a set that there is."""
    known = list(now.state.sets)
    text = st.selectbox(
        "Set", known, index=None, accept_new_options=True, key=f"{key}-set", placeholder=name or "type a name",
        format_func=lambda known_name: f"{plain(known_name)} ({len(now.state.sets.get(known_name, ())):,})",
    )  # fmt: skip
    wanted = text or name
    label = f"Add to “{plain(wanted)}”" if wanted in known else "Save"
    if st.button(label, key=f"{key}-save-set", disabled=not wanted):
        now.workspace.add_to_set(wanted, rows)
        st.toast(f"{many(len(rows), 'sample')} in the set “{plain(wanted)}”.", icon=":material/bookmark_added:")
        st.rerun()


def write_note(now: View, rows: Sequence[int], key: str) -> None:
    """The same note on all of them."""
    text = st.text_area("What a colleague should know about these samples", key=f"{key}-note")
    if st.button("Save the note", key=f"{key}-save-note", disabled=not text.strip()):
        now.workspace.note(rows, text)
        st.rerun()
