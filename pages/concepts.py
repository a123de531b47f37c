"""Concepts: say in words what you look for, and see which features and samples match."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.schema import NOUNS, VETOES
from core.session.concepts import Concept, concept
from core.system.shown import many, without_folders
from pages.parts.actions import action_bar
from pages.parts.feature_decisions import ask_veto, boost, decision_name
from pages.parts.reading import pipeline
from pages.parts.sample_panel import beside
from pages.parts.tables import clickable
from pages.parts.text import plain
from pages.parts.view import View, header, link

EXAMPLES = "an apology, python code, as an AI language model, saving money"
DONE = {"ignore": "They no longer earn a sample its place.", "block": "Samples that have them are left out."}


def ask() -> str:
    """What was typed; a link of the page keeps it."""
    return st.text_input("Words or a sentence", key="concept", bind="query-params", placeholder=EXAMPLES)


def features_of(now: View, found: Concept, lens: str) -> None:
    """The features of a lens that the words activate or name, with what can be done to them."""
    names, values = now.names(lens), dict(found.activated.get(lens, []))
    named, features = found.named[lens], found.features(lens)
    if not features:
        st.caption(f"No {NOUNS[lens]} matches. Try other words.")
        return
    counts = now.session.remember(("samples with", lens), lambda: now.session.store.features(lens))
    samples = dict(zip(counts["feature_id"].tolist(), counts["n_samples"].tolist(), strict=True))
    own = now.state.of(lens)
    rows = [
        {
            NOUNS[lens]: f,
            "name": names.get(f, ""),
            "activated": f"{values[f]:.2f}" if f in values else "",
            "in its name": "yes" if f in named else "",
            "samples": samples.get(f, 0),
            "decided": decision_name(own.vetoes.get(f, ""), own.boosts.get(f, 1.0)),
        }
        for f in features
    ]
    chosen = clickable(pd.DataFrame(rows), f"concept-{lens}", 320, several=True)
    if chosen:
        act(now, [features[i] for i in chosen], lens)


def act(now: View, features: list[int], lens: str) -> None:
    """Ignore, exclude or boost the chosen features, or take that back."""
    what = many(len(features), NOUNS[lens])
    columns = st.columns(4)
    with columns[3]:
        boost(now, features, lens, f"concept-boost-{lens}")
    for column, mode, text in zip(columns, VETOES, (f"Ignore {what}", f"Exclude {what}"), strict=False):
        if column.button(text, key=f"{mode}-{lens}", width="stretch", help=DONE[mode]):
            ask_veto(now, features, mode, f"concept: {st.session_state.concept}", lens)
    decided = [f for f in features if f in now.state.of(lens).vetoes]
    if decided and columns[2].button("Take back", key=f"lift-{lens}", width="stretch"):
        now.workspace.unveto(decided, lens)
        st.rerun()


def nearest(now: View, found: Concept) -> None:
    """The samples nearest to the words."""
    st.subheader("Samples closest to these words", anchor=False)
    st.caption(f"The {many(len(found.rows), 'nearest sample')}, the nearest first.")
    action_bar(now, found.rows, "concept", st.session_state.concept.strip())
    beside(now, found.rows, "concept", {"likeness": found.likeness}, {"likeness": "%.2f"})


def show(now: View, text: str) -> None:
    """What the words stand for in this data set."""
    try:
        loaded = pipeline(now.session.store.path)
        names = {lens: now.names(lens) for lens in now.session.store.lenses}
        key = ("concept", text, now.state.version)
        found = now.session.remember(key, lambda: concept(now.session, loaded, text, names))
    except SaelectError as error:
        st.warning(plain(without_folders(str(error))), icon=":material/error:")
        return
    for lens in now.session.store.lenses:
        st.subheader(f"{NOUNS[lens].capitalize()}s that match by name or by activation", anchor=False)
        features_of(now, found, lens)
    nearest(now, found)


now = header("Concepts", "Say in words what you look for, and see which features and samples match.")
wanted = ask()
if wanted.strip():
    show(now, wanted)
else:
    st.caption(f"For instance: {EXAMPLES}.")
st.page_link("pages/teach.py", label="Teach it by examples: every sample gets a score", icon=":material/school:",
             query_params=link(**({"called": wanted.strip()} if wanted.strip() else {})))  # fmt: skip
