"""One of several names that the address may ask for."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts.asked import complain, retract, start_over
from pages.parts.text import whole


def choose(
    label: str, parameter: str, titles: Mapping[str, str], help: str | None = None, default: str | None = None
) -> str:
    """One of the names, chosen by their titles; what the address asks for counts if it is among them, else the first.

    In the address stands the name alone, as a title may change (while a run grows), and a `default` not at all: a box
    out of sight is bound to it, which the browser's Back and the links of the navigation reach.
    """
    start_over(parameter, "")
    key = f"pick-{parameter}"
    first = next(iter(titles))
    asked = st.session_state.get(parameter, st.query_params.get(parameter, ""))
    name = asked if asked in titles else first
    if name != asked and asked and parameter not in st.session_state:  # later on another choice may have made it so
        complain(parameter, titles[name])
    st.session_state[parameter] = "" if name == default else name
    with st.container(key=f"out-of-sight-{parameter}"):
        asked = st.text_input(f"{parameter} in the address", key=parameter, bind="query-params")
    st.session_state[key] = asked if asked in titles else name if asked else first

    def take() -> None:
        retract(parameter)
        chosen = st.session_state[key]
        st.session_state[parameter] = "" if chosen == default else chosen

    return st.selectbox(label, list(titles), format_func=lambda n: whole(titles[n]), key=key, help=help, on_change=take)
