"""The address of a page: state that no widget is bound to, and what counts as a step of the browser's Back."""

from __future__ import annotations

import streamlit as st

from core.settings import whole_number


def get(name: str, default: str = "") -> str:
    """What the address says of a parameter."""
    return st.query_params.get(name, default)


def number(name: str, below: int) -> int | None:
    """The number that the address says of a parameter; None where it says none from 0 to below − 1."""
    number = whole_number(get(name))
    return number if number is not None and number < below else None


def put(**values: object) -> None:
    """Write parameters into the address, all in one step that the browser's Back takes back; None removes one.

    The browser is told even of what stood there when it asked: it may have asked before the answer to what it asked
    last, and so with an address that is about to change. What stands there already is no new step (see STEPS).
    """
    present = st.query_params.to_dict()
    changed = {
        name: str(value) for name, value in values.items() if value is not None and present.get(name) != str(value)
    }
    st.query_params.update(changed)  # not with all of them: that is refused once a widget is bound to one
    for name in present.keys() & {name for name, value in values.items() if value is None}:
        del st.query_params[name]


STEPS = """<script>
if (!window.saelectSteps) {
    window.saelectSteps = true;
    const {pushState, replaceState} = window.history;
    let acted = false, taken = 0;  // when the act became a step
    for (const kind of ["pointerdown", "keydown"])
        window.addEventListener(kind, (event) => { acted = acted || event.isTrusted; }, true);
    window.addEventListener("popstate", () => { acted = false; }, true);
    const step = function (state, title, url) {
        const target = new URL(url ?? "", window.location.href);
        if (target.href === window.location.href) return;
        const another = target.pathname !== window.location.pathname;
        // Who leaves a page has the address lose the page's own parameters first, which is no place to come back to.
        const leaving = another && !acted && performance.now() - taken < 500;
        ((acted || another) && !leaving ? pushState : replaceState).call(window.history, state, title, url);
        taken = acted && !another ? performance.now() : 0;
        acted = false;
    };
    window.history.pushState = window.history.replaceState = step;
}
</script>"""


def count_steps() -> None:
    """Make each thing that a person does one step of the browser's Back, if it changes the address.

    By itself Streamlit adds no step when a widget that is bound to the address is moved, and one more for everything
    that the server then writes into it.
    """
    st.html(STEPS, unsafe_allow_javascript=True)
