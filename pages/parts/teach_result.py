"""A concept that was taught: how good it is, what it uses, how the samples score, and what can be decided by it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.concepts.told import at_threshold, histogram, reason, verdict
from core.matrix.postings import samples_per_feature
from core.schema import NOUNS
from core.scoring.taught import Taught, forget
from core.selection.quotas import ABOVE
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.feature_decisions import boost
from pages.parts.figures import MUTED, SELECTED, draw
from pages.parts.sample_list import statuses
from pages.parts.sample_panel import beside
from pages.parts.tables import feature_link, feature_table
from pages.parts.teach_form import LATEST
from pages.parts.terms import term
from pages.parts.text import plain
from pages.parts.view import View, link, metrics

NEAR = 15  # samples listed on either side of the threshold
LISTS = {"near": "At the threshold", "above": "All above it", "below": "All below it"}
PROBES = {"features": "AUC by {}s", "vectors": "AUC by vectors"}


def show(now: View, taught: Taught) -> None:
    """All that is known of a concept, and what can be done with the samples that have it."""
    score = now.session.info.scores[taught.column]
    figures(taught)
    left, right = st.columns([5, 6], gap="large")
    with left:
        uses(now, taught)
    with right:
        threshold = scores(score)
    decide(now, taught, score, threshold)
    read(now, taught, score, threshold)


def figures(taught: Taught) -> None:
    """How many examples it had, how well each probe tells them, and a sentence."""
    found = [
        (PROBES[kind].format(NOUNS[taught.lens]) + (", the scores" if kind == taught.by else ""), f"{value:.2f}",
         f"95 %: {low:.2f} to {high:.2f}")
        for kind, (value, low, high) in taught.auc.items()
    ]  # fmt: skip
    metrics(
        ("Examples", f"{taught.n_positive:,}", plain(taught.positive)),
        ("Counterexamples", f"{taught.n_negative:,}", plain(taught.negative)),
        *found,
    )
    st.write(verdict(taught))
    term("AUC")
    for note in taught.notes:
        st.caption(plain(note))


def uses(now: View, taught: Taught) -> None:
    """The features that the sparse probe uses, by name, and their boost."""
    seen = now.through(taught.lens)
    features = [f for f, _ in taught.features]
    st.subheader(f"{many(len(features), seen.noun)} it uses", anchor=False)
    if not features:
        st.caption(f"No {seen.noun} tells examples from counterexamples.")
        return
    more = {"weight": [weight for _, weight in taught.features],
            "samples": samples_per_feature(seen.matrix)[features]}  # fmt: skip
    for feature in feature_table(seen, features, "taught-features", more, height=300, formats={"weight": "%+.2f"}):
        feature_link(feature, taught.lens)
    positive = [f for f, weight in taught.features if weight > 0]
    if positive:
        with st.container(horizontal=True):
            boost(now, positive, taught.lens, "taught-boost")


def scores(score: np.ndarray) -> float:
    """The histogram of the scores, and the threshold that is chosen in it."""
    st.subheader("Scores of all samples", anchor=False)
    above = st.container()
    threshold = st.slider("Threshold", 0.0, 1.0, 0.5, 0.01, key="threshold", bind="query-params")
    edges, counts = histogram(score)
    middle = (edges[:-1] + edges[1:]) / 2
    colours = [SELECTED if edge >= threshold - 1e-9 else MUTED for edge in edges[:-1]]
    figure = go.Figure(go.Bar(x=middle, y=counts, width=0.9 * (edges[1] - edges[0]), marker_color=colours))
    figure.update_layout(xaxis_title="score", yaxis_title="samples", showlegend=False)
    figure.update_yaxes(type="log", dtick=1)
    figure.add_vline(threshold, line={"width": 2, "dash": "dot", "color": SELECTED})
    with above:
        draw(figure, "taught-histogram", 260)
    return threshold


def decide(now: View, taught: Taught, score: np.ndarray, threshold: float) -> None:
    """What can be done with the samples at or above the threshold, and with the concept itself."""
    rows = np.flatnonzero(score >= threshold)
    kept = int(np.isin(rows, now.selection.rows).sum())
    st.subheader(f"{many(len(rows), 'sample')} at {threshold:.2f} or above, {kept:,} of them kept", anchor=False)
    why = reason(taught.name, threshold)
    action_bar(now, rows, "taught", why, why, f"score:{taught.column}>={threshold:.2f}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/budget.py", label="Cap them under Steer", icon=":material/tune:",
                     query_params=link(steer="Quotas", above=f"{taught.column}@{threshold:g}", **{"steer-by": ABOVE}),
                     help="A quota on the samples with this score from the threshold on.")  # fmt: skip
        if st.button("Delete this concept", icon=":material/delete:", type="tertiary", key="forget"):
            forget(now.session.store, taught.name)
            st.session_state[LATEST] = ""
            st.rerun()


def read(now: View, taught: Taught, score: np.ndarray, threshold: float) -> None:
    """The samples at the threshold, or all on one side of it, to read."""
    which = st.segmented_control("Read", list(LISTS), default="near", format_func=LISTS.__getitem__, required=True,
                                 key="taught_list", bind="query-params")  # fmt: skip
    if which == "near":
        rows = at_threshold(score, threshold, NEAR)
    else:
        order = np.argsort(-score, kind="stable")
        rows = order[score[order] >= threshold] if which == "above" else order[score[order] < threshold]
    if not len(rows):
        st.caption("There are none.")
        return
    beside(now, rows, "taught", {"score": score[rows], "status": statuses(now, rows)}, {"score": "%.2f"})
