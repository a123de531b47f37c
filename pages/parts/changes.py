"""What a decision changes in the selection: shown before it is taken, and told after it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.errors import SaelectError
from core.explain.leaks import Change
from core.explain.unmoved import unmoved
from core.schema import SelectionSpec
from core.session.decided import bare
from core.session.preview import effect, fates
from core.system.shown import many
from pages.parts import dialogs
from pages.parts.tables import samples_table
from pages.parts.text import plain
from pages.parts.view import View, link

LISTED = 200  # samples listed of those that leave or enter
FOLLOWS = ("displaced", "picked")  # of the words of `fates`: what others leave or take room for
LATEST, TOLD = "latest-request", "latest-change"  # in the session


@dataclass(frozen=True)
class Told:
    """A step, what it changed, why if nothing, and for which decisions and which request it is told."""

    step: str
    found: Change
    why: str
    version: int
    asked: SelectionSpec  # without decisions


# --- before


def ask_first(
    now: View, title: str, then: SelectionSpec, take: Callable[[], None], more: Callable[[Change], None] | None = None
) -> None:
    """A dialog on what a decision would change: it is taken or cancelled there.

    then: the request that the decision leads to; more: draws what else is to be known of the change.
    """

    def content() -> None:
        try:
            with st.spinner("Comparing …", show_time=True):
                found = effect(now.session, now.spec, then)
        except SaelectError as error:
            st.warning(plain(error), icon=":material/block:")
            found = None
        if found:
            figures(now, found)
            if then.budget != now.spec.budget:
                st.caption(f"The budget grows to {many(then.budget, 'sample')}: all pins have room in it.")
            if more:
                more(found)
        with st.container(horizontal=True):
            if found and st.button(plain(title), type="primary", key="take-decision"):
                take()
                st.rerun()
            if st.button("Cancel", key="cancel-decision"):
                st.rerun()
        if found:
            show_moved(now, found, then, ("Would leave", "Would enter"))

    dialogs.show(plain(title), content)


def figures(now: View, found: Change) -> None:
    """A change in figures."""
    if not n_moved(found):
        st.write("The same samples would be kept.")
        return
    shown = (
        ("Samples leave", f"{len(found.leaving):,}"),
        ("Samples enter", f"{len(found.entering):,}"),
        (f"{now.noun.capitalize()}s covered", arrow(found.covered)),
        ("Tokens", arrow(found.tokens)),
    )
    with st.container(horizontal=True, gap="medium"):  # where there is no room, the last ones stand below
        for name, value in shown:
            st.metric(name, value, width="content")


def arrow(pair: tuple[int, int]) -> str:
    """Before and after."""
    return f"{pair[0]:,} → {pair[1]:,}" if pair[0] != pair[1] else f"{pair[0]:,}"


def show_moved(now: View, found: Change, then: SelectionSpec, titles: tuple[str, str]) -> None:
    """The samples that leave and those that enter, what is decided on before what follows from it."""
    for title, rows in zip(titles, (found.leaving, found.entering), strict=True):
        if len(rows):
            why = np.array(fates(now.session, then, rows))
            order = np.argsort(np.isin(why, FOLLOWS), kind="stable")
            counts = ", ".join(f"{int((why == one).sum()):,} {one}" for one in dict.fromkeys(why[order].tolist()))
            st.caption(f"{title}: {counts}" + (f". The first {LISTED} are listed" if len(rows) > LISTED else ""))
            samples_table(now, rows[order[:LISTED]], f"moved-{title}", {"why": why[order[:LISTED]]})


# --- after


def say_change(now: View) -> None:
    """What the latest decision changed, wherever it was taken, undo and redo included; as long as it is the latest."""
    last: View | None = st.session_state.get(LATEST)
    st.session_state[LATEST] = now
    if last and last.session is now.session and decided_since(last, now):
        found = effect(now.session, last.spec, now.spec)
        why = "" if n_moved(found) else why_unmoved(last.spec, now)
        st.session_state[TOLD] = Told(step_between(last, now), found, why, now.state.version, task(now.spec))
    told = st.session_state.get(TOLD)
    stands = told and last and (told.version, told.asked) == (now.state.version, task(now.spec))
    with st.container(key="latest-change"):  # what comes below keeps its place: else the browser makes it anew
        if stands and last.session is now.session:
            draw(now, told)


def decided_since(last: View, now: View) -> bool:
    """Whether decisions alone lie between two views; of the budget, what makes room for pins."""
    same = replace(task(last.spec), budget=now.spec.budget) == task(now.spec)
    return last.state.version != now.state.version and last.spec != now.spec and same


def task(spec: SelectionSpec) -> SelectionSpec:
    """A request without decisions, among them those on which samples are in a set."""
    return replace(bare(spec), sets={})


def step_between(last: View, now: View) -> str:
    """The step that lies between two views, as a sentence begins."""
    undone = last.state.next_undo and now.state.next_redo == last.state.next_undo
    step = f"undone: {now.state.next_redo}" if undone else now.state.next_undo
    return step[:1].upper() + step[1:]


def why_unmoved(before: SelectionSpec, now: View) -> str:
    """Why boosts that are new changed nothing; "" where there is none."""
    boosts = now.spec.boosts
    new = [feature for feature, factor in boosts.items() if before.boosts.get(feature) != factor]
    return unmoved(now.matrix, now.selection, new) if new else ""


def n_moved(found: Change) -> int:
    """How many samples left or entered."""
    return len(found.leaving) + len(found.entering)


def moved(found: Change) -> str:
    """How many left and entered."""
    if not n_moved(found):
        return "The same samples are kept."
    return f"{len(found.leaving):,} left, {len(found.entering):,} entered."


def draw(now: View, told: Told) -> None:
    """The line that tells it, with the way to the samples."""
    with st.container(horizontal=True, vertical_alignment="center", key="latest-change-line"):
        st.markdown(f":material/gavel: {plain(told.step)}. {moved(told.found)} {plain(told.why)}", width="content")
        both = n_moved(told.found)
        if both and st.button("Show them", type="tertiary", key="show-moved"):
            dialogs.show(f"{many(both, 'sample')} left or entered", show_dialog, now, told)
        if st.button("", icon=":material/close:", type="tertiary", key="close-moved", help="Close"):
            del st.session_state[TOLD]
            st.rerun()


def show_dialog(now: View, told: Told) -> None:
    """The samples that left and entered, and the way to what they differ in."""
    figures(now, told.found)
    if 0 < len(told.found.leaving) <= LISTED and 0 < len(told.found.entering) <= LISTED:
        sides = {"a": named(told.found.leaving), "b": named(told.found.entering)}
        st.page_link("pages/differences.py", label="What they differ in", icon=":material/difference:",
                     query_params=link(**sides))  # fmt: skip
    show_moved(now, told.found, now.spec, ("Left", "Entered"))


def named(rows: Sequence[int] | np.ndarray) -> str:
    """The group of these rows."""
    return "rows:" + ",".join(str(int(row)) for row in rows)
