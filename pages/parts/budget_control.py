"""The budget: how many samples or tokens may be kept, a control that every page shares."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.schema import UNITS
from core.session.request import budgets
from core.session.session import Session
from core.settings import whole_number
from core.workspace.decisions import WorkspaceState
from pages.parts.address import get

KEYS = {"samples": "budget", "tokens": "token_budget"}  # of the number, in the session and in the address
PRESETS = (0.01, 0.05, 0.1)
STEPS, STEP = 60, 0.02  # of the slider, each the same factor; logarithm of what is no step apart from the budget
MARKS = 0xE0100, 240  # variation selectors, which no font shows: the first of them, and how many there are
RAISED = "raised-budget"  # in the session: a budget, and the number of pins that took its place
SAME = "same-budget"  # in the session: what was taken for the same budget, by unit
# A field that is left empty says again what it said: Streamlit would take its default, a tenth of the data.
RESTORED = """<script>
if (!window.saelectBudget) {
    window.saelectBudget = true;
    const fields = ".st-key-budget input, .st-key-token_budget input";
    const put = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    let latest = "";
    const left = ({target, type, key}) => {
        if (!target.matches?.(fields) || (type === "keydown" && key !== "Enter")) return;
        if (type === "focusin" || target.value) latest = target.value || latest;
        else {
            put.call(target, latest);
            target.dispatchEvent(new Event("input", {bubbles: true}));
        }
    };
    for (const type of ["focusin", "keydown", "focusout"]) window.addEventListener(type, left, true);
}
</script>"""


def pick_budget(session: Session, state: WorkspaceState) -> tuple[str, int]:
    """The unit of the budget, and the budget: a number, beside it shares and a slider that set the same number."""
    with st.container(key="out-of-sight-restored"):
        st.html(RESTORED, unsafe_allow_javascript=True)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")
    field = row.container()
    with row.popover("%", help="Shares of the data, a slider, samples or tokens"):
        unit = st.segmented_control(
            "Budget in", UNITS, default=UNITS[0], required=True, key="unit", bind="query-params", on_change=convert
        )
        least, total = budgets(session, unit)
        if unit == "samples":
            make_room(len(state.pins), total // 10)
            least = max(least, len(state.pins))
        most, key = max(total, least + 1), KEYS[unit]
        if key in st.session_state:
            st.session_state[key] = min(max(int(st.session_state[key] or 0), least), most)
        with field:
            budget = st.number_input(
                f"Budget ({unit})", least, most, max(least, total // 10), key=key, bind="query-params"
            )
        for column, share in zip(st.columns(len(PRESETS)), PRESETS, strict=True):
            value = max(least, round(share * total))
            column.button(
                f"{share:.0%}", key=f"budget-{share}", on_click=set_budget, args=(unit, value), width="stretch"
            )
        log_slider(unit, least, most, budget)
    return unit, min(budget, total)


def make_room(pins: int, usual: int) -> None:
    """A budget in samples holds all pins; with fewer of them again it is what it was, unless it was changed meanwhile.

    usual: the budget where nobody has named one.
    """
    key = KEYS["samples"]
    said = st.session_state.get(key) or whole_number(get(key)) or usual
    asked, raised = st.session_state.pop(RAISED, (0, 0))
    budget = asked if said == raised else said
    if budget < pins:
        st.session_state[RAISED] = budget, pins
    if said != max(budget, pins):
        st.session_state[key] = max(budget, pins)


def convert() -> None:
    """With another unit the budget is what the present selection has of it, so that about as much is kept; back in the
    first unit it is what it was, unless it was changed meanwhile."""
    now, unit = st.session_state.get("view"), st.session_state.unit
    if now is None or now.spec.unit == unit:
        return
    said, rows = {now.spec.unit: now.spec.budget}, now.selection.rows
    known = st.session_state.get(SAME, {})
    if known.get(now.spec.unit) == now.spec.budget and unit in known:
        said[unit] = known[unit]
    else:
        said[unit] = len(rows) if unit == "samples" else int(now.session.info.tokens[rows].sum())
    st.session_state[SAME] = said
    set_budget(unit, said[unit])


def log_slider(unit: str, least: int, most: int, budget: int) -> None:
    """A slider whose steps are equal factors, but for the budget's own, at which it stands.

    A slider in a closed popover goes on telling where it stood when it was drawn: a mark that nobody sees makes it no
    step of a slider for another budget, and what is none counts as the budget.
    """
    factors = np.geomspace(least, most, STEPS).round().astype(int)
    steps = np.unique([*factors[np.abs(np.log(factors / budget)) > STEP], budget]).tolist()
    key, (first, n) = f"{KEYS[unit]}-slider", MARKS
    mark = chr(first + budget % n) + chr(first + budget // n % n)
    st.session_state[key] = budget
    st.select_slider(
        "By equal factors", steps, budget, format_func=lambda n: f"{n:,}{mark}", key=key,
        on_change=lambda: set_budget(unit, st.session_state[key]),
    )  # fmt: skip


def set_budget(unit: str, budget: int) -> None:
    """Let another control set the budget before the page is drawn; the number's bounds hold."""
    st.session_state[KEYS[unit]] = budget
