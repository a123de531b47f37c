"""Clusters as the pages Coverage, Map and Refinement name them; k-means over the samples' vectors for the first two."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from core.explain.cluster_names import ClusterCard, cluster_words, name_clusters
from core.selection.clustering import Clusters
from core.session.labels import n_clusters
from pages.parts.actions import action_bar
from pages.parts.tables import clickable, why_link
from pages.parts.text import plain, whole
from pages.parts.view import View

MOST = 100


def grouped(now: View) -> tuple[Clusters, list[ClusterCard]]:
    """The clusters and their cards, for a number of clusters that the person sets."""
    k = pick_k(now)
    with st.spinner("Grouping the samples …"):
        found = now.session.clusters(vectors_of(now), k)
        return found, cards_of(now, found, now.selection.rows, vectors_of(now), k)


def pick_k(now: View) -> int:
    """The number of clusters that the person sets; the address keeps it."""
    n = now.session.store.n_samples
    return st.number_input("Number of clusters", 2, max(2, min(MOST, n)), n_clusters(n), key="clusters",
                           bind="query-params")  # fmt: skip


def cards_of(now: View, found: Clusters, picked: np.ndarray, *key: Hashable) -> list[ClusterCard]:
    """The cards of clusters, named by the topics enriched in them, else by words; `key` tells the clusters apart.

    By topics of the whole samples through either lens: features of single tokens do not say what a cluster is about.
    """
    session, matrix = now.session, None
    if "topics" in session.store.lenses:
        matrix = session.matrix("all", session.default_theta("all", "topics")[0], "topics")
    topic = replace(now, spec=replace(now.spec, lens="topics"))

    def words() -> list[str]:
        return session.info.remember(("cluster words", *key), lambda: cluster_words(found, session.store.texts))

    return name_clusters(matrix, found, picked, topic.label, 3, words)


def vectors_of(now: View) -> str:
    """What the samples are grouped by: residual, or the file of vectors that the method's options name."""
    return str(now.spec.options.get("vectors", "residual"))


def section(now: View) -> None:
    """Coverage's section: how the selection spreads over the clusters."""
    st.subheader("Clusters", anchor=False)
    if not st.toggle("Group the samples by what the model makes of them", key="grouped", bind="query-params"):
        return
    found, cards = grouped(now)
    share = np.array([card.picked / card.size for card in cards])
    frame = pd.DataFrame(
        {
            "cluster": [card.cluster for card in cards],
            "about": [whole("; ".join(card.names)) or "no words in common" for card in cards],
            "lift": [float(card.lifts[0]) if len(card.lifts) else np.nan for card in cards],
            "samples": [card.size for card in cards],
            "picked": [card.picked for card in cards],
            "share picked": share,
            "central row": [card.central for card in cards],
        }
    )
    formats = {
        "about": st.column_config.TextColumn(width="large"),
        "lift": st.column_config.NumberColumn(format="%.1f", help="of the first topic: times commoner than in all"),
        "share picked": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
    }
    chosen = clickable(frame, "clusters-table", 460, formats=formats)
    overall = len(now.selection.rows) / now.session.store.n_samples
    name = vectors_of(now)
    what = "mean-pooled residual vectors" if name == "residual" else f"the vectors of {plain(Path(name).name)}"
    named = "topics by hypergeometric test" if any(len(card.features) for card in cards) else "words of central samples"
    st.caption(
        f"k-means over {what}, named by {named}. "
        f"Picked are {overall:.1%} of all samples, {share.min():.1%} to {share.max():.1%} of a cluster."
    )
    for i in chosen:
        action_bar(now, np.flatnonzero(found.label == cards[i].cluster), "cluster", "; ".join(cards[i].names[:1]))
        why_link(cards[i].central, f"Why row {cards[i].central:,}, the central one of cluster {cards[i].cluster}")


def apart(cards: Sequence[ClusterCard]) -> list[str]:
    """A name for each cluster: the first of its names that no cluster before it has taken, if it has such a one."""
    names: list[str] = []
    for card in cards:
        new = [name for name in card.names if name not in names]
        names.append((new or [f"cluster {card.cluster}"])[0])
    return names
