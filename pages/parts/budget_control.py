"""The budget: how many samples or tokens may be kept, a control that every page shares."""

from __future__ import annotations

import streamlit as st

from core.schema import UNITS
from core.session.session import Session
from core.workspace.log import WorkspaceState


def pick_budget(session: Session, state: WorkspaceState) -> tuple[str, int]:
    """The unit of the budget, and the budget."""
    unit = st.segmented_control("Budget in", UNITS, default="samples", required=True, key="unit", bind="query-params")
    total = session.store.n_samples if unit == "samples" else int(session.info.tokens.sum())
    least = max(1, len(state.pins)) if unit == "samples" else max(1, int(session.info.tokens.max()))
    key = "budget" if unit == "samples" else "token_budget"
    start, most = max(least, total // 10), max(total, least + 1)
    budget = st.slider(f"Budget ({unit})", least, most, start, key=key, bind="query-params")
    return unit, min(budget, total)
