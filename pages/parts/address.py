"""The page's own state in the address, where no widget is bound to it: a chosen sample, a lasso, compared groups."""

from __future__ import annotations

import streamlit as st


def get(name: str, default: str = "") -> str:
    """What the address says of a parameter."""
    return st.query_params.get(name, default)


def put(**values: object) -> None:
    """Write parameters into the address, in one step that the browser's Back takes back; None removes one.

    What stands there already is not written again: no message to the browser, no new step.
    """
    wanted = {name: str(value) for name, value in values.items() if value is not None}
    gone = {name for name, value in values.items() if value is None}
    present = st.query_params.to_dict()
    after = {name: value for name, value in {**present, **wanted}.items() if name not in gone}
    if after != present:
        st.query_params.from_dict(after)
