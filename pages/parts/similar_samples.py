"""A sample among the others: its features by segment, the picks that share one of them, and the nearest samples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.explain.similar_samples import nearest
from core.matrix.postings import having
from core.matrix.statistics import active_in
from core.schema import SEGMENTS
from pages.parts.tables import feature_table, samples_table, why_link
from pages.parts.text import plain, whole
from pages.parts.view import View

NEAREST = 12


def show(now: View, row: int) -> None:
    """The three sections below a sample's explanation."""
    left, right = st.columns(2, gap="large")
    with left:
        feature = by_segment(now, row)
    with right:
        if feature is not None:
            sharing(now, row, feature)
    nearest_samples(now, row)


def entries(now: View, row: int) -> pd.DataFrame:
    """A sample's active features: segment, feature_id, value and peak, strongest first."""
    found = pd.DataFrame(now.session.store.sample_features(row))
    return found[found["value"] > now.spec.theta]


def by_segment(now: View, row: int) -> int | None:
    """The active features of one segment; gives the one that was clicked, else the strongest."""
    st.subheader("Its features by segment", anchor=False)
    active = entries(now, row)
    counts = np.bincount(active["segment"], minlength=len(SEGMENTS))
    if not counts.any():
        st.info("No feature of it is active at this θ.")
        return None
    known = [i for i in range(len(SEGMENTS)) if counts[i]]
    segment = st.segmented_control(
        "Segment", known, default=known[-1] if 1 not in known else 1, required=True, key=f"segment-{row}",
        format_func=lambda i: f"{SEGMENTS[i]} · {counts[i]:,}", label_visibility="collapsed",
    )  # fmt: skip
    shown = active[active["segment"] == segment]
    pieces = now.session.store.pieces(row)[0]
    features = shown["feature_id"].to_numpy()
    more = {
        "value here": shown["value"].to_numpy(),
        "at token": [whole(pieces[p].strip()) or "⏎" for p in shown["peak"]],
        "picks": active_in(now.matrix, now.selection.rows)[features],
    }
    chosen = feature_table(now, features, f"segment-table-{row}-{segment}", more, formats={"value here": "%.2f"})
    return chosen[0] if chosen else int(features[0])


def sharing(now: View, row: int, feature: int) -> None:
    """The picks in which a feature is active."""
    rows, value = having(now.matrix, feature, now.selection.rows)
    rows, value = rows[rows != row], value[rows != row]
    st.subheader(f"Picks that share feature {feature}", anchor=False)
    name = plain(now.label(feature))
    if not len(rows):
        st.caption(f"{name}: no other pick has it.")
        return
    st.caption(f"{name}: {len(rows):,} other picks have it, in the order they were picked.")
    place = {int(r): i + 1 for i, r in enumerate(now.selection.rows)}
    rows, value = rows[:300], value[:300]
    more = {"pick": [place[int(r)] for r in rows], "value": value}
    for chosen in samples_table(now, rows, f"sharing-{row}-{feature}", more, {"value": "%.2f"}):
        why_link(chosen)


def nearest_samples(now: View, row: int) -> None:
    """The samples that share most features with it."""
    rows, jaccard = nearest(now.matrix, row, NEAREST)
    st.subheader("The samples most like it", anchor=False)
    if not len(rows):
        st.caption("No other sample shares a feature with it at this θ.")
        return
    kept = np.isin(rows, now.selection.rows)
    st.caption(
        f"By Jaccard index over active features: {kept.sum():,} of the {len(rows):,} nearest are picked; "
        f"the nearest shares {jaccard[0]:.0%} of the features that either has."
    )
    more = {"jaccard": jaccard, "status": np.where(kept, "picked", "rejected")}
    for chosen in samples_table(now, rows, f"nearest-{row}", more, {"jaccard": "%.3f"}):
        why_link(chosen)
