"""The page's own state in the address, where no widget is bound to it: a chosen sample, a lasso, compared groups."""

from __future__ import annotations

import streamlit as st


def get(name: str, default: str = "") -> str:
    """What the address says of a parameter."""
    return st.query_params.get(name, default)


def put(**values: object) -> None:
    """Write parameters into the address, all in one step that the browser's Back takes back; None removes one.

    What stands there already is not written again: no message to the browser, no new step.
    """
    present = st.query_params.to_dict()
    changed = {
        name: str(value) for name, value in values.items() if value is not None and present.get(name) != str(value)
    }
    if changed:  # by `update`: to write all of them anew is refused once a widget is bound to one
        st.query_params.update(changed)
    for name in present.keys() & {name for name, value in values.items() if value is None}:
        del st.query_params[name]
