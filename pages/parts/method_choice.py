"""The method that orders the samples, a choice that every page shares."""

from __future__ import annotations

import streamlit as st

from core.selection.registry import METHODS
from core.session.session import Session


def pick_method(session: Session) -> str:
    """The name of the method chosen."""
    return st.selectbox("Method", list(METHODS), key="method", bind="query-params")
