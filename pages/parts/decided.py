"""The decisions that stand on samples and features: looked for by text, day and kind, lifted singly or together."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.matrix.postings import samples_per_feature
from core.matrix.statistics import active_in
from core.schema import NOUNS
from core.session.colouring import categories
from core.session.preview import boosted, vetoed
from core.session.search import text_condition
from core.system.shown import many
from core.workspace.standing import ON_FEATURES, ON_SAMPLES, Line, matching, on_features, on_samples
from pages.parts.actions import action_bar
from pages.parts.changes import ask_first
from pages.parts.feature_decisions import decision_name, through
from pages.parts.figures import ACCENT, GREEN, PINK
from pages.parts.sample_map import sample_map
from pages.parts.sample_panel import beside
from pages.parts.tables import clickable, feature_link
from pages.parts.text import plain, whole
from pages.parts.view import View

CALLED = {"pinned": "Pinned", "banned": "Banned", "noted": "With a note"}
COLOURS = (GREEN, ACCENT, PINK)  # of samples with a note, pinned, banned: what is decided on one with a note counts


@dataclass(frozen=True)
class Filter:
    """What is looked for: a text, and the first and the last day, YYYY-MM-DD; "" for any."""

    text: str = ""
    since: str = ""
    until: str = ""

    def of(self, lines: list[Line], kind: str = "", held: Container[int] = ()) -> list[Line]:
        """The lines of a kind that fit; held: the numbers of those that hold the text by themselves."""
        return matching(lines, kind, self.text, self.since, self.until, held)

    def fits(self, text: str, day: str = "") -> bool:
        """Whether a name or a step of the history fits."""
        return bool(matching([Line(-1, (), text, day)], "", self.text, self.since, self.until))


def ask() -> Filter:
    """The fields of the filter."""
    text, since, until = st.columns([4, 1, 1])
    return Filter(
        text.text_input("Filter", key="decided", bind="query-params", placeholder="a text, a name, a note or a number"),
        ask_day(since, "Since", "decided_since"),
        ask_day(until, "Until", "decided_until"),
    )


def ask_day(place: DeltaGenerator, label: str, key: str) -> str:
    """A day as YYYY-MM-DD, or "" for any: typed, since screen readers cannot read Streamlit's empty date field."""
    said = place.text_input(label, key=key, bind="query-params", placeholder="2026-03-01").strip()
    try:
        return date.fromisoformat(said).isoformat() if said else ""
    except ValueError:
        place.caption(f":material/error: {plain(said)} is not a day such as 2026-03-01.")
        return ""


def day(time: str) -> str:
    """A time as the page shows it."""
    return time[:16].replace("T", " ")


def ask_kind(kinds: tuple[str, ...], key: str) -> str:
    """One of the kinds of decisions, or "" for all of them."""
    chosen = st.pills("Kind", kinds, key=key, bind="query-params", label_visibility="collapsed",
                      format_func=lambda kind: CALLED.get(kind, kind.capitalize()))  # fmt: skip
    return chosen or ""


# --- samples


def samples_found(now: View, asked: Filter, kind: str = "") -> list[Line]:
    """Decisions on samples that fit; a text is also looked for in the samples themselves."""
    text = asked.text.strip()
    held = set(np.flatnonzero(text_condition(now.session, text, False)).tolist()) if text else ()
    return asked.of(on_samples(now.state), kind, held)


def show_samples(now: View, asked: Filter) -> None:
    """Samples that are pinned, banned, or noted: a list with the one read, and where they lie."""
    if not on_samples(now.state):
        st.info("No decisions on samples yet. Find some on Search or the Map, then pin or ban them.")
        return
    lines = samples_found(now, asked, ask_kind(ON_SAMPLES, "decided_kind"))
    if not lines:
        st.info("No matches. Try removing a filter.", icon=":material/search_off:")
        return
    rows = np.array([line.number for line in lines])
    action_bar(now, rows, "decided", asked.text.strip() or "decided")
    more = {
        "decision": ["pinned" if "pinned" in line.kinds else "banned" if "banned" in line.kinds else ""
                     for line in lines],
        "now": np.where(np.isin(rows, now.selection.rows), "kept", "left out"),
        "note": [line.text for line in lines],
        "when": [line.when[:10] for line in lines],
    }  # fmt: skip
    beside(now, rows, "decided", more)
    st.subheader("Where they lie", anchor=False)
    parts = [(kind, [line.number for line in lines if kind in line.kinds]) for kind in ("noted", "pinned", "banned")]
    sample_map(now, "decided-places", categories(parts, now.session.store.n_samples), "What was decided", COLOURS)


# --- features


def features_found(now: View, asked: Filter, lens: str, kind: str = "") -> list[Line]:
    """Decisions on features of a lens that fit, by their names too."""
    lines, text = on_features(now.state, lens), asked.text.strip().casefold()
    names = now.names(lens) if text else {}
    return asked.of(lines, kind, {line.number for line in lines if text in names.get(line.number, "").casefold()})


def show_features(now: View, asked: Filter, lens: str) -> None:
    """Features of a lens that are ignored, excluded or boosted, and how to lift that."""
    own, noun = now.state.of(lens), NOUNS[lens]
    if not on_features(now.state, lens):
        st.info(f"No decisions on {noun}s yet. Open one, then ignore it or exclude its samples.")
        return
    lines = features_found(now, asked, lens, ask_kind(ON_FEATURES, f"decided_{lens}"))
    if not lines:
        st.info("No matches. Try removing a filter.", icon=":material/search_off:")
        return
    features = [line.number for line in lines]
    matrix = now.session.matrix(now.spec.scope, now.session.default_theta(now.spec.scope, lens)[0], lens)
    kept, names = active_in(matrix, now.selection.rows), now.names(lens)
    frame = pd.DataFrame(
        {
            noun: features,
            "name": [whole(names.get(f) or f"{noun} {f}") for f in features],
            "decision": [decision_name(own.vetoes.get(f, ""), own.boosts.get(f, 1.0)) for f in features],
            "why": [whole(line.text) for line in lines],
            "when": [day(line.when) for line in lines],
            "samples": samples_per_feature(matrix)[features],
            "kept": kept[features],
        }
    )
    ticked = [features[i] for i in clickable(frame, f"decisions-{lens}", 320, several=True)]
    chosen = ticked or features
    which = "" if ticked or len(features) == 1 else "all "
    if st.button(f"Lift from {which}{many(len(chosen), noun)}", icon=":material/undo:", key=f"lift-{lens}"):
        lift(now, chosen, lens)
    for feature in ticked[-1:]:
        feature_link(feature, lens)


def lift(now: View, features: list[int], lens: str) -> None:
    """Lift what was decided on features, of several after a look at what that changes."""
    own = now.state.of(lens)

    def take() -> None:
        if under := [f for f in features if f in own.vetoes]:
            now.workspace.unveto(under, lens)
        if weighed := [f for f in features if f in own.boosts]:
            now.workspace.boost(weighed, 1.0, lens)

    if len(features) == 1:
        take()
        st.rerun()
    if seen := through(now, lens):
        then = boosted(vetoed(seen.spec, features, ""), features, 1.0)
        ask_first(seen, f"Lift from {many(len(features), NOUNS[lens])}", then, take)
