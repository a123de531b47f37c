"""One of several names that the address may ask for."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.text import cut


def choose(
    label: str, parameter: str, titles: Mapping[str, str], help: str | None = None, default: str | None = None
) -> str:
    """One of the names, chosen by their titles; what the address asks for counts if it is among them, else the first.

    In the address stands the name alone, as a title may change (while a run grows), and a `default` not at all.
    """
    asked, key = st.query_params.get(parameter), f"pick-{parameter}"
    if st.session_state.get(key) not in titles:
        st.session_state[key] = asked if asked in titles else next(iter(titles))
    name = st.selectbox(label, list(titles), format_func=lambda n: titles[n], key=key, help=help)
    if name == default:
        st.query_params.pop(parameter, None)
    elif asked != name:
        st.query_params[parameter] = name
    return name


def not_listed(label: str, parameter: str, titles: Mapping[str, str]) -> list[str]:
    """A sentence if the address asks for a name that is not among the titles; to be asked before `choose`."""
    asked = st.query_params.get(parameter)
    if asked is None or asked in titles:
        return []
    return [f"The address names {cut(asked, 80)!r} as {label.lower()}, which is not listed here: it is ignored."]
