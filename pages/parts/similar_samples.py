"""A sample among the others: the kept ones most like it, the fewest that have what it has, two side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.explain.covers import smallest_cover
from core.explain.similar_samples import most_similar, most_similar_kept, side_by_side
from core.matrix.postings import having
from core.schema import NOUNS
from core.system.shown import many
from pages.parts import reading, sample_panel
from pages.parts.actions import action_bar
from pages.parts.sample_list import n_kept, statuses
from pages.parts.tables import clickable, samples_table, why_link
from pages.parts.text import plain, whole
from pages.parts.view import View

NEAREST = 12
SIMILARITY = {"similarity": "%.2f"}
NAMES = st.column_config.Column(width=240)
MEASURE = "Similarity: the cosine of their values, rare features counting more; 1 is the same."


def kept_ones(now: View, row: int) -> int | None:
    """The most similar kept samples and the smallest cover; gives the kept sample to set beside it."""
    left, right = st.columns(2, gap="large")
    with left:
        rows, similarity = most_similar_kept(now.matrix, now.selection, row, NEAREST)
        st.subheader("Most similar kept samples", anchor=False)
        st.caption(MEASURE if len(rows) else f"No kept sample shares a {NOUNS[now.spec.lens]} with it.")
        more = {"similarity": similarity, "pick": picks(now, rows)}
        chosen = samples_table(now, rows, f"why-similar-{row}", more, SIMILARITY) if len(rows) else []
    with right:
        chosen = cover_table(now, row) or chosen
    return chosen[0] if chosen else int(rows[0]) if len(rows) else None


def cover_table(now: View, row: int) -> list[int]:
    """The fewest kept samples that together have its features; gives the one that was clicked."""
    lens, cover = now.spec.lens, smallest_cover(now.matrix, now.selection, row)
    noun, n = NOUNS[lens], cover.covered + len(cover.left)
    st.subheader(f"Who covers its {noun}s", anchor=False)
    missing = f"; missing: {now.spoken.listed(cover.left, lens)}" if len(cover.left) else ""
    st.caption(plain(f"The fewest kept samples that together have {cover.covered:,} of its {n:,} {noun}s{missing}."))
    if not len(cover.rows):
        return []
    has = [now.spoken.listed(features, lens) for features in cover.features]
    more = {"pick": picks(now, cover.rows), f"{noun}s": [len(f) for f in cover.features], "such as": has}
    return samples_table(now, cover.rows, f"why-cover-{row}", more, {"such as": NAMES})


def picks(now: View, rows: np.ndarray) -> list[int]:
    """The place of each kept row among the picks, from 1."""
    place = {int(r): i + 1 for i, r in enumerate(now.selection.rows)}
    return [place[int(r)] for r in rows]


def beside(now: View, row: int, other: int) -> None:
    """Two samples side by side: what both have, what only one has, and both texts."""
    lens, found = now.spec.lens, side_by_side(now.matrix, now.spec, row, other)
    st.subheader(f"Side by side with kept row {other:,}", anchor=False)
    both, mine, theirs = st.columns(3, gap="medium")
    with both:
        st.caption(f"Both have ({len(found.shared):,}); similarity {found.similarity:.2f}")
        values = {f"row {row}": found.values[:, 0], f"row {other}": found.values[:, 1]}
        names_table(now, found.shared, values, f"why-shared-{row}-{other}")
    for column, name, own, value in zip((mine, theirs), (row, other), found.own, found.own_values, strict=True):
        with column:
            st.caption(f"Only row {name:,} has ({len(own):,})")
            names_table(now, own, {"value": value}, f"why-own-{name}-{row}-{other}")
    for column, name in zip(st.columns(2, gap="large"), (row, other), strict=True):
        with column:
            st.caption(f"Row {name:,}")
            marks = reading.strongest(now, name, found.shared[: reading.SHADED]) if lens == "tokens" else []
            reading.show(now, name, marks, key="beside")
    why_link(other)


def names_table(now: View, features: np.ndarray, values: dict[str, np.ndarray], key: str) -> None:
    """Features by name with their values; those of wording and format last."""
    if not len(features):
        st.caption("None.")
        return
    order = np.argsort(np.isin(features, list(now.wording)), kind="stable")
    frame = pd.DataFrame({**values, NOUNS[now.spec.lens]: [whole(now.label(f)) for f in features]}).iloc[order]
    clickable(frame, key, 300, formats=dict.fromkeys(values, "%.2f"))


def sharing(now: View, row: int, feature: int) -> None:
    """The picks in which a feature is active."""
    rows, value = having(now.matrix, feature, now.selection.rows)
    rows, value = rows[rows != row], value[rows != row]
    st.subheader(f"Picks that share {NOUNS[now.spec.lens]} {feature}", anchor=False)
    name = plain(now.label(feature))
    if not len(rows):
        st.caption(f"{name}: no other pick has it.")
        return
    verb = "has" if len(rows) == 1 else "have"
    st.caption(f"{name}: {many(len(rows), 'other pick')} {verb} it, in the order they were picked.")
    action_bar(now, rows, "sharing", now.label(feature))
    rows, value = rows[:300], value[:300]
    more = {"pick": picks(now, rows), "value": value}
    sample_panel.beside(now, rows, "sharing", more, {"value": "%.2f"}, has=[feature], name="sharing")


def nearest_samples(now: View, row: int) -> None:
    """The samples most like it, kept or not."""
    rows, similarity = most_similar(now.matrix, now.spec, row, NEAREST)
    st.subheader("The samples most like it", anchor=False)
    if not len(rows):
        st.caption(f"No other sample shares a {NOUNS[now.spec.lens]} with it at this θ.")
        return
    st.caption(f"{n_kept(now, rows):,} of the {len(rows):,} most similar are kept. {MEASURE}")
    action_bar(now, rows, "nearest", f"like row {row}")
    more = {"similarity": similarity, "status": statuses(now, rows)}
    sample_panel.beside(now, rows, "nearest", more, SIMILARITY, name="nearest")
