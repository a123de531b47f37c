"""Targets on the page Budget: a set, a tag, another store or pasted examples, which the selection shall be like."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError
from core.selection.registry import METHODS
from core.session.lacking import lacking
from core.session.listed import listed
from core.session.preview import effect
from core.session.steering import BY_EXAMPLES, target_of, targeted
from pages.parts.changes import figures
from pages.parts.later import later
from pages.parts.steer_examples import just_read, paste_examples
from pages.parts.text import plain, whole
from pages.parts.view import View

HOW = {
    "nearest": "nearest by meaning",
    "jaccard": "most alike by features",
    "reference-guided": "what they have more of",
}


def show_targets(now: View) -> None:
    """The target in use, the choice of another one, and examples to paste."""
    if key := just_read():
        st.session_state["target-name"] = key
    left, right = st.columns(2, gap="large")
    with left:
        in_use(now)
        choose_target(now)
    with right:
        paste_examples(now)


def in_use(now: View) -> None:
    """What the present request goes by, and the way back."""
    name = target_of(now.spec)
    if not name:
        return
    known = listed(now.session.store, "reference")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/target: {plain(now.spec.method)} goes by **{plain(known.get(name, name))}**.",
                    width="content")  # fmt: skip
        st.button("Use no target", icon=":material/close:", type="tertiary", key="target-none", on_click=use_method,
                  args=("sae-greedy",))  # fmt: skip


def choose_target(now: View) -> None:
    """A target and how the selection goes by it; what would change is told before."""
    known = {name: title for name, title in listed(now.session.store, "reference").items() if name}
    if not known:
        st.info("There is no target yet: save a set of samples on Search or the Map, or paste examples.")
        return
    name = st.selectbox("Target", list(known), key="target-name", format_func=lambda n: whole(known[n]))
    usable = [method for method in BY_EXAMPLES if not lacking(now.session, method)]
    method = st.radio("Take", usable, key="target-method", format_func=HOW.__getitem__,
                      captions=[METHODS[method].sentence for method in usable])  # fmt: skip
    then = targeted(now.spec, now.state, name, method)
    st.button("Use this target", icon=":material/target:", type="primary", key="target-use", on_click=use_method,
              args=(method, name), disabled=then == now.spec)  # fmt: skip
    if then == now.spec:
        return
    try:
        key = ("target effect", repr(now.spec), repr(then))
        if found := later(now.session, key, lambda: effect(now.session, now.spec, then), "Comparing"):
            figures(now, found)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")


def use_method(method: str, reference: str = "") -> None:
    """Set the method in the bar, and its target, before the page is drawn."""
    st.session_state["method"] = method
    if reference:
        st.session_state[f"{method}_reference"] = reference
