"""How many of the picks stay when the request varies."""

from __future__ import annotations

import streamlit as st

from core.explain.stability import Stability, stability
from core.system.shown import many
from pages.parts.compare_figures import stability_figure
from pages.parts.figures import draw
from pages.parts.view import View

AT_ONCE = 5_000  # samples up to which the variations are selected without being asked for


def show_stability(now: View, key: str) -> Stability | None:
    """The share of the picks that stay with another θ, scope or seed; of a large store once that was asked for."""
    remembered = ("stability", repr(now.spec))
    if now.session.store.n_samples > AT_ONCE and remembered not in now.session.memory:
        st.caption("Which picks stay with θ a fifth lower or higher, another scope, or another seed.")
        if not st.button("Try another θ, scope and seed", key=f"{key}-try", icon=":material/published_with_changes:"):
            return None
    with st.spinner("Selecting again …"):
        found = now.session.remember(remembered, lambda: stability(now.selection, now.session.selection))
    if not found.kept:
        st.caption("This store has no other scope, and neither θ nor a seed matters here: there is nothing to vary.")
        return None
    draw(stability_figure(found.kept), key, 80 + 44 * len(found.kept))
    st.caption(f"{int((found.of_pick == 1).sum()):,} of {many(len(found.of_pick), 'pick')} stay in every variation.")
    return found
