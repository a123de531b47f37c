"""Searches kept under a name: the present one is saved, one is opened again, or deleted, which undo takes back."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from pages.parts.text import escape, plain
from pages.parts.view import View, url

PREFIX = "find"  # of the names of the fields in the address


def saved_searches(now: View) -> None:
    """Those that there are, and how to save the present one."""
    with st.popover(f"Saved ({len(now.state.searches):,})", icon=":material/bookmarks:", width="stretch"):
        fields = present()
        name = st.text_input("Save this search as", key="search-name", placeholder=fields.get("find", "type a name"))
        wanted = name.strip() or fields.get("find", "").strip()
        if st.button("Save", key="save-search", disabled=not (wanted and fields)):
            now.workspace.save_search(wanted, fields)
            st.rerun()
        for place, (known, kept) in enumerate(now.state.searches.items()):
            left, right = st.columns([3, 1], vertical_alignment="center")
            left.html(f"<a href='{escape(address(kept))}' target='_self' style='color:inherit'>{escape(known)}</a>")
            if right.button("Delete", key=f"drop-search-{place}", help=plain(known), type="tertiary"):
                now.workspace.drop_search(known)
                st.rerun()


def present() -> dict[str, str]:
    """The fields of the address that make the present search."""
    return {name: value for name, value in st.query_params.to_dict().items() if name.startswith(PREFIX)}


def address(fields: dict[str, str]) -> str:
    """The page with these fields in the place of the present ones."""
    rest = {name: value for name, value in url().items() if not name.startswith(PREFIX) and name != "row"}
    return "search?" + urlencode({**rest, **fields})
