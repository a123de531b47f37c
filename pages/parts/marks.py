"""What can be made of any set of samples without a change of the selection: a set, tags, a note, a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.export.formats import original_bytes
from core.system.shown import many
from pages.parts.text import plain, whole
from pages.parts.view import View, link


def save_set(now: View, rows: Sequence[int], key: str, name: str) -> None:
    """Under a new name, or added to a set that there is."""
    known = list(now.state.sets)
    text = st.selectbox(
        "Set", known, index=None, accept_new_options=True, key=f"{key}-set", placeholder=name or "type a name",
        format_func=lambda known_name: f"{whole(known_name)} ({len(now.state.sets.get(known_name, ())):,})",
    )  # fmt: skip
    wanted = (text or name).strip()
    label = f"Add to “{plain(wanted)}”" if wanted in known else "Save"
    if st.button(label, key=f"{key}-save-set", disabled=not wanted):
        now.workspace.add_to_set(wanted, rows)
        st.toast(f"{many(len(rows), 'sample')} in the set “{plain(wanted)}”.", icon=":material/bookmark_added:")
        st.rerun()


def tag(now: View, rows: Sequence[int], key: str) -> None:
    """A tag on all of them, a new one or one that there is; those that they carry can be taken off."""
    chosen = set(rows) if now.state.tags else set()
    text = st.selectbox("Tag", list(now.state.tags), index=None, accept_new_options=True, key=f"{key}-tag",
                        placeholder="choose or type one", format_func=whole)  # fmt: skip
    text = (text or "").strip()
    if st.button("Tag it" if len(rows) == 1 else "Tag them", key=f"{key}-save-tag", disabled=not text):
        now.workspace.tag(rows, text)
        st.rerun()
    for name, tagged in now.state.tags.items():
        n = len(chosen.intersection(tagged))
        if n and st.button(f"Take “{plain(name)}” off {many(n, 'sample')}", key=f"{key}-untag-{name}", type="tertiary"):
            now.workspace.untag(rows, name)
            st.rerun()


def note(now: View, rows: Sequence[int], key: str) -> None:
    """The same note on all of them; an empty one takes theirs away."""
    noted = [now.state.notes[row] for row in now.state.notes.keys() & set(rows)] if now.state.notes else []
    stands = noted[0] if len(noted) == len(rows) and len(set(noted)) == 1 else ""
    these = "this sample" if len(rows) == 1 else "these samples"
    text = st.text_area(f"What a colleague should know about {these}", stands, key=f"{key}-note")
    if st.button("Save the note", key=f"{key}-save-note", disabled=not (text.strip() or noted)):
        now.workspace.note(rows, text)
        st.rerun()


def export(now: View, rows: Sequence[int], key: str) -> None:
    """Their records as a file, and the way to the export of the present selection."""
    st.download_button(
        f"Download {many(len(rows), 'record')}", partial(original_bytes, now.session.store, rows), f"{key}.jsonl",
        on_click="ignore", icon=":material/download:", key=f"{key}-download",
        help="The original records of these samples, unchanged, one JSON object per line.",
    )  # fmt: skip
    st.page_link("pages/export.py", label=f"Export the {many(len(now.selection.rows), 'kept sample')}",
                 icon=":material/folder_zip:", query_params=link())  # fmt: skip
