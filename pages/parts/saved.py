"""Saved selections: keep the present one under a name; load, rename, duplicate, delete one, and bring it back."""

from __future__ import annotations

import zlib
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.selection.specs import spec_dict, spec_from
from core.session.request import request_of
from core.system.shown import many
from core.workspace.decisions import decisions_in, steps_to
from pages.parts.tables import clickable
from pages.parts.text import escape, plain, whole
from pages.parts.view import View, link

DELETED = "deleted-selections"  # in the session: store, name and specification of each that was deleted, in order


def save_form(now: View) -> None:
    """Keep the present request under a name."""
    suggested = f"{now.spec.method}, {many(len(now.selection.rows), 'sample')}"
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    title = left.text_input("Keep the present selection under a name", placeholder=suggested, key="saved-name")
    wanted = title.strip() or suggested
    there = wanted in now.state.selections
    label = "Replace" if there else "Save"
    if right.button(label, icon=":material/bookmark:", key="save-selection", width="stretch"):
        now.workspace.save_selection(wanted, spec_dict(now.selection))
        st.toast(f"The present selection is saved as “{plain(wanted)}”.", icon=":material/bookmark:")
        st.rerun()


def saved_table(now: View) -> str | None:
    """All that were saved; the name of the one that was clicked."""
    kept = now.state.selections
    frame = pd.DataFrame({
        "name": [whole(name) for name in kept],
        "method": [str(spec.get("method", "")) for spec in kept.values()],
        "budget": [f"{spec.get('budget', 0):,} {spec.get('unit', 'samples')}" for spec in kept.values()],
        "through": [str(spec.get("lens", "tokens")) for spec in kept.values()],
        "θ": [spec.get("theta") for spec in kept.values()],
        "decisions in it": [decisions_in(spec) for spec in kept.values()],
    })  # fmt: skip
    names = zlib.crc32("\n".join(kept).encode())  # with other names nothing is chosen: a second click deletes no more
    chosen = clickable(frame, f"saved-selections-{names}", 260, formats={"θ": "%.3g"})
    return list(kept)[chosen[0]] if chosen else None


def manage(now: View, name: str) -> None:
    """What can be done with one saved selection."""
    with st.container(horizontal=True, vertical_alignment="center"):
        load_link(now, name)
        with st.popover("Rename", icon=":material/edit:"):
            to = another_name(now, "New name", name, "rename-to")
            if st.button("Rename it", key="rename-selection", disabled=not to):
                now.workspace.rename_selection(name, to)
                st.rerun()
        with st.popover("Duplicate", icon=":material/content_copy:"):
            to = another_name(now, "Name of the copy", f"{name} (copy)", "copy-to")
            if st.button("Duplicate it", key="copy-selection", disabled=not to):
                now.workspace.save_selection(to, now.state.selections[name])
                st.rerun()
        if st.button("Delete", icon=":material/delete:", key="delete-selection"):
            gone = now.session.store.key, name, now.state.selections[name]
            st.session_state[DELETED] = [*st.session_state.get(DELETED, ()), gone]
            now.workspace.delete_selection(name)
            st.rerun()


def another_name(now: View, label: str, start: str, key: str) -> str:
    """A name that no saved selection has; nothing, and why, if what is typed is none."""
    to = st.text_input(label, start, key=f"{key}-{start}").strip()
    if to in now.state.selections and to != start:
        st.caption("There is one of this name.")
    return "" if to in now.state.selections else to


def load_link(now: View, name: str) -> None:
    """A link that sets method, options, budget, θ and lens; and a button for its decisions where others stand now."""
    try:
        spec = spec_from(now.state.selections[name])
    except SaelectError as error:
        st.caption(plain(error))
        return
    address = escape("budget?" + urlencode(request_of(spec, now.session.store.key).to_query(now.session)))
    st.html(f"<a href='{address}' target='_self' style='color:inherit'>Load “{escape(name)}”</a>", width="content")
    if steps_to(now.state, spec) and st.button(
        "Take over its decisions", icon=":material/gavel:", key="take-over",
        help=f"{many(decisions_in(now.state.selections[name]), 'decision')} in the place of those of now, which "
        "loading leaves as they are. One step, which undo takes back.",
    ):  # fmt: skip
        now.workspace.take_over(name)
        st.rerun()


def bring_back(now: View) -> None:
    """After some were deleted: the way back, the latest first."""
    gone = [one for one in st.session_state.get(DELETED, ()) if one[0] == now.session.store.key]
    gone = [one for one in gone if one[1] not in now.state.selections]
    if not gone:
        return
    store, name, spec = gone[-1]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"“{plain(name)}” was deleted.", width="content")
        if st.button("Bring it back", icon=":material/undo:", key=f"bring-back-{len(gone)}"):
            now.workspace.save_selection(name, spec)
            st.session_state[DELETED].remove((store, name, spec))
            st.rerun()


def saved_link(now: View) -> None:
    """The way to all of them."""
    n = len(now.state.selections)
    st.page_link("pages/selections.py", label=f"{many(n, 'saved selection')}: load and compare",
                 icon=":material/bookmarks:", query_params=link())  # fmt: skip
