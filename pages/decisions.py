"""Decisions: what was decided on samples and features, when and why; lift it, keep it in a file, go back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.matrix.postings import samples_with
from core.matrix.statistics import active_in
from core.schema import NOUNS
from core.selection.quotas import group_told, parsed
from core.session.decided import bare
from core.session.preview import effect
from core.system.shown import many
from core.workspace.history import back_to, decisions_after
from core.workspace.log import Event
from pages.parts.actions import action_bar
from pages.parts.feature_decisions import decision_name
from pages.parts.sample_panel import beside
from pages.parts.tables import clickable, feature_link, samples_table, why_link
from pages.parts.text import plain, whole
from pages.parts.view import header, link

LISTED = 1000  # steps of the history
TAB = "decided-tab"  # in the session: which tab is open
NOTE = st.column_config.TextColumn(width=200)  # as a column takes the width of its name alone
LEAD = "What you decided on samples and on what they are about. Every selection, export and command obeys it."


def show_samples() -> None:
    """Samples that are always kept, never kept, or noted."""
    rows = list(dict.fromkeys([*state.pins, *state.bans, *state.notes]))
    if not rows:
        st.info("No decisions on samples yet. Find some on Search or the Map, then pin or ban them.")
        return
    kept, pins = set(now.selection.rows.tolist()), set(state.pins)
    more = {
        "decision": ["always keep" if r in pins else "never keep" if r in state.bans else "" for r in rows],
        "now": ["kept" if r in kept else "left out" for r in rows],
        "note": [whole(" · ".join(filter(None, (state.ban_told(r), state.notes.get(r))))) for r in rows],
        "when": [day(state.dates.get(r, "")) for r in rows],
    }
    chosen = samples_table(now, rows, "decisions-samples", more, {"note": NOTE}, several=True)
    if not chosen:
        st.caption("Tick rows to take decisions back or to change them.")
    action_bar(now, chosen, "decided")
    for row in chosen[-1:]:
        why_link(row)


def show_tags() -> None:
    """The tags, how many samples carry each, and what can be done with these."""
    if not state.tags:
        st.info("No tags yet. Open a sample, or choose several, and tag them.")
        return
    kept = now.selection.rows
    frame = pd.DataFrame({"tag": map(whole, state.tags), "samples": map(len, state.tags.values()),
                          "kept": [int(np.isin(rows, kept).sum()) for rows in state.tags.values()]})  # fmt: skip
    for i in clickable(frame, "decisions-tags", 240):
        name = list(state.tags)[i]
        action_bar(now, state.tags[name], "tagged", name)
        beside(now, state.tags[name], "tag", name="tag-row")


def show_features(lens: str) -> None:
    """Features of a lens that are ignored, excluded or boosted."""
    own, noun = state.of(lens), NOUNS[lens]
    features = list(dict.fromkeys([*own.vetoes, *own.boosts]))
    if not features:
        st.info(f"No decisions on {noun}s yet. Open one, then ignore it or exclude its samples.")
        return
    matrix = now.session.matrix(now.spec.scope, now.session.default_theta(now.spec.scope, lens)[0], lens)
    kept, names = active_in(matrix, now.selection.rows), now.names(lens)
    frame = pd.DataFrame(
        {
            noun: features,
            "name": [whole(names.get(f) or f"{noun} {f}") for f in features],
            "decision": [decision_name(own.vetoes.get(f, ""), own.boosts.get(f, 1.0)) for f in features],
            "why": [whole(own.reasons.get(f, "")) for f in features],
            "samples": [len(samples_with(matrix, f)) for f in features],
            "kept": kept[features],
        }
    )
    chosen = [features[i] for i in clickable(frame, f"decisions-{lens}", 320, several=True)]
    if chosen and st.button(f"Lift from {many(len(chosen), noun)}", icon=":material/undo:", key=f"lift-{lens}"):
        now.workspace.unveto(chosen, lens)
        now.workspace.boost(chosen, 1.0, lens)
        st.rerun()
    for feature in chosen[-1:]:
        feature_link(feature, lens)


def show_sets() -> None:
    """The sets of samples, and what can be done with each."""
    if not state.sets:
        st.info("No sets yet. Save one from a search, a lasso or a cluster.")
        return
    kept = now.selection.rows
    sizes = {name: (len(rows), int(np.isin(rows, kept).sum())) for name, rows in state.sets.items()}
    frame = pd.DataFrame({"set": map(whole, sizes), "samples": [n for n, _ in sizes.values()],
                          "kept": [k for _, k in sizes.values()]})  # fmt: skip
    for i in clickable(frame, "decisions-sets", 240):
        name = list(sizes)[i]
        action_bar(now, state.sets[name], "set", name)
        if st.button(f"Delete the set “{plain(name)}”", icon=":material/delete:", key="delete-set"):
            now.workspace.delete_set(name)
            st.rerun()
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
    events = now.workspace.history(LISTED)
    if not events:
        st.info("No decisions yet.")
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
        now.workspace.take_in(given.getvalue(), "The file")
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
    else:
        st.rerun()


def day(time: str) -> str:
    """A time as the page shows it."""
    return time[:16].replace("T", " ")


def sections() -> Sequence[tuple[str, Callable[[], None]]]:
    """The tabs by name, with how many decisions each has."""
    samples = len({*state.pins, *state.bans, *state.notes})
    parts: list[tuple[str, Callable[[], None]]] = [(f"Samples ({samples:,})", show_samples)]
    for lens in now.session.store.lenses:
        own = state.of(lens)
        n = len({*own.vetoes, *own.boosts})
        parts.append((f"{NOUNS[lens].capitalize()}s ({n:,})", lambda lens=lens: show_features(lens)))
    parts += [
        (f"Quotas ({len(state.quotas):,})", show_quotas),
        (f"Tags ({len(state.tags):,})", show_tags),
        (f"Sets ({len(state.sets):,})", show_sets),
    ]
    return [*parts, ("History", show_history), ("File", show_file)]


def stay(names: list[str]) -> None:
    """Keep the tab that is open open when the number in its name has changed."""
    opened = st.session_state.get(TAB, names[0])
    if opened not in names:
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
parts = dict(sections())
stay(list(parts))
for tab, show in zip(st.tabs(list(parts), key=TAB, on_change="rerun"), parts.values(), strict=True):
    if tab.open:
        with tab:
            show()
