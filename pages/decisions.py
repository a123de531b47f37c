"""Decisions: what was decided on samples and features, when and why; lift it, keep it in a file, go back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.schema import NOUNS
from core.selection.quotas import group_told, parsed
from core.session.decided import bare
from core.session.preview import effect
from core.system.shown import many
from core.workspace.history import back_to, decisions_after
from core.workspace.log import Event
from pages.parts.actions import action_bar
from pages.parts.decided import Filter, ask, day, features_found, samples_found, show_features, show_samples
from pages.parts.sample_panel import beside
from pages.parts.tables import clickable
from pages.parts.text import plain, whole
from pages.parts.view import header, link

LISTED = 1000  # steps of the history
TAB = "decided-tab"  # in the session: which tab is open
LEAD = "What you decided on samples and on what they are about. Every selection, export and command obeys it."


def show_tags() -> None:
    """The tags, how many samples carry each, and what can be done with these."""
    if not state.tags:
        st.info("No tags yet. Open a sample, or choose several, and tag them.")
    elif name := pick("tag", state.tags):
        action_bar(now, state.tags[name], "tagged", name, group=f"tag:{name}")
        beside(now, state.tags[name], "tag", name="tag-row")


def pick(what: str, named: Mapping[str, Sequence[int]]) -> str:
    """The tags or sets whose names fit, with how many samples each has; gives the one that was clicked, or ""."""
    fitting, kept = [name for name in named if asked.fits(name)], now.selection.rows
    frame = pd.DataFrame({what: map(whole, fitting), "samples": [len(named[name]) for name in fitting],
                          "kept": [int(np.isin(named[name], kept).sum()) for name in fitting]})  # fmt: skip
    chosen = clickable(frame, f"decisions-{what}s", 240)
    if not chosen:
        st.caption(f"Click a {what} to see its samples, and what can be done with all of them.")
    return fitting[chosen[0]] if chosen else ""


def show_sets() -> None:
    """The sets of samples, and what can be done with each."""
    if not state.sets:
        st.info("No sets yet. Save one from a search, a lasso or a cluster.")
    elif name := pick("set", state.sets):
        action_bar(now, state.sets[name], "set", name, group=f"set:{name}")
        if st.button(f"Delete the set “{plain(name)}”", icon=":material/delete:", key="delete-set"):
            now.workspace.delete_set(name)
            st.rerun()
        if state.sets[name]:
            beside(now, state.sets[name], "set", name="set-row")


def show_quotas() -> None:
    """The quotas; each is lifted there."""
    if not state.quotas:
        st.info("No quotas yet. Set one on the page Budget, under Steer.")
        return
    held = "held" if now.spec.quotas else "not held: they contradict each other or the budget"
    found = [parsed(text) for text in state.quotas]
    frame = pd.DataFrame({"group": [whole(group_told(quota.by, quota.group)) for quota in found],
                          "quota": [quota.rule for quota in found], "now": held})  # fmt: skip
    chosen = [state.quotas[i] for i in clickable(frame, "decisions-quotas", 320, several=True)]
    if chosen and st.button(f"Lift {many(len(chosen), 'quota')}", icon=":material/undo:", key="lift-quotas"):
        now.workspace.lift_quotas(chosen)
        st.rerun()
    st.page_link("pages/budget.py", label="Quotas on the page Budget", icon=":material/tune:",
                 query_params=link(steer="Quotas"))  # fmt: skip


def show_history() -> None:
    """The steps, newest first."""
    events = [event for event in now.workspace.history(LISTED) if asked.fits(event.description, event.time)]
    if not events:
        st.info("No decisions yet." if asked == Filter() else "No matches. Try removing a filter.")
        return
    frame = pd.DataFrame({
        "when": [day(event.time) for event in events],
        "step": [whole(event.description) for event in events],
        "stands": [not event.undone for event in events],
    })  # fmt: skip
    chosen = clickable(frame, "decisions-history", 420)
    if not chosen:
        st.caption("Click a step to go back to it; Undo and Redo above go one by one.")
    for i in chosen:
        go_back(events[i])


def go_back(event: Event) -> None:
    """Undo what was decided after a step."""
    name, after = plain(event.description), decisions_after(now.workspace, event)
    if event.undone:
        st.caption("This step was undone or replaced. Redo above brings it back where possible.")
    elif after and st.button(f"Undo the {many(after, 'decision')} after “{name}”", icon=":material/undo:",
                             key="undo-to"):  # fmt: skip
        back_to(now.workspace, event)
        st.rerun()


def show_file() -> None:
    """The decisions as a file, and from one."""
    st.download_button("Download the decisions", now.workspace.exported, "decisions.json", icon=":material/download:",
                       on_click="ignore")  # fmt: skip
    given = st.file_uploader("Add those of a file", type="json", key="decisions-file")
    if not (given and st.button("Add them", key="import-decisions")):
        return
    try:
        now.workspace.take_in(given.getvalue(), "The file", now.session.store.n_samples)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
    else:
        st.rerun()


def sections() -> Sequence[tuple[str, Callable[[], None]]]:
    """The tabs by name, with how many decisions each has that fit."""
    n = len(samples_found(now, asked))
    parts: list[tuple[str, Callable[[], None]]] = [(f"Samples ({n:,})", lambda: show_samples(now, asked))]
    for lens in now.session.store.lenses:
        n = len(features_found(now, asked, lens))
        parts.append((f"{NOUNS[lens].capitalize()}s ({n:,})", lambda lens=lens: show_features(now, asked, lens)))
    parts += [
        (f"Quotas ({len(state.quotas):,})", show_quotas),
        (f"Tags ({sum(map(asked.fits, state.tags)):,})", show_tags),
        (f"Sets ({sum(map(asked.fits, state.sets)):,})", show_sets),
    ]
    return [*parts, ("History", show_history), ("File", show_file)]


def stay(names: list[str]) -> None:
    """Keep the tab that is open open when a number in a name has changed, its own or another's."""
    opened = st.session_state.get(TAB, names[0])
    st.session_state[TAB] = next((n for n in names if n.split(" (")[0] == opened.split(" (")[0]), names[0])


def show_effect() -> None:
    """What all decisions together change in the present selection."""
    without = bare(now.spec)
    if without == now.spec:
        return
    try:
        found = effect(now.session, without, now.spec)
    except SaelectError as error:
        st.caption(plain(error))
        return
    changed = len(found.leaving) + len(found.entering)
    st.write(
        f"Without these decisions {many(len(found.entering), 'kept sample')} would not be kept, and "
        f"{many(len(found.leaving), 'other')} would." if changed else "They leave the present selection as it is."
    )  # fmt: skip


now = header("Decisions", LEAD)
state = now.state
show_effect()
asked = ask()
parts = dict(sections())
stay(list(parts))
for tab, show in zip(st.tabs(list(parts), key=TAB, on_change="rerun"), parts.values(), strict=True):
    if tab.open:
        with tab:
            show()
