"""Sections of the page Refinement: the clusters, their weights, and what the model answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.refine.runs import RefineRun
from core.refine.view import ClusterChange, Drawn, movers, weights_over_rounds
from core.store.reader import FeatureStore
from core.studies.health.personal import covered
from core.system.shown import many
from pages.parts import refinement_figures as figures
from pages.parts.figures import draw
from pages.parts.tables import why_link
from pages.parts.text import cut, escape, plain, whole

EXAMPLES = 10  # samples of a cluster shown at once
LONGEST = 3000  # characters of a text shown
TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;max-height:240px;overflow:auto;font-size:.9rem"
Names = Mapping[int, Sequence[str]]  # of each cluster what it is about


def title_of_cluster(cluster: int, names: Names) -> str:
    """A cluster's number and what it is about."""
    own = names.get(cluster, ())
    return whole(f"{cluster} · {'; '.join(own[:2])}" if own else f"{cluster}")


def signed(value: float) -> str:
    """A score with its sign, a real minus among them."""
    return f"{value:+.3f}".replace("-", "−") if np.isfinite(value) else "—"


def show_weights(run: RefineRun, rows: list[ClusterChange], names: Names) -> None:
    """The clusters' weights over the rounds."""
    st.subheader("The clusters' weights", anchor=False)
    weights = weights_over_rounds(run)
    gainers, losers = movers(weights, figures.NAMED)
    titles = {c: title_of_cluster(c, names) for c in range(weights.shape[1])}
    draw(figures.weight_figure(weights, gainers, losers, titles), "refinement-weights", 440)
    by_number = {row.cluster: row for row in rows}
    if not gainers or not losers:
        st.caption("No weight has changed, because no cluster has a score or all scores are equal.")
        return
    up, down = by_number[gainers[0]], by_number[losers[0]]
    scored = (
        f"R(gold) is {signed(down.gold)} and R(generated) {signed(down.generated)} on average over its "
        f"{many(down.drawn, 'new sample')}, a gap of {signed(down.gap)}"
        if np.isfinite(down.gap)
        else "it has no scored sample of its own, so that it lost only as others gained"
    )
    st.caption(
        plain(
            f"Cluster {titles[up.cluster]} gained most, from {up.before:.2%} to {up.after:.2%} of the weight "
            f"({up.factor:.2f} times). Cluster {titles[down.cluster]} lost most, from {down.before:.2%} to "
            f"{down.after:.2%} ({down.factor:.2f} times): {scored}."
        )
    )


def show_clusters(rows: list[ClusterChange], names: Names) -> None:
    """All clusters with their weights and scores."""
    frame = pd.DataFrame([vars(row) for row in rows])
    frame.insert(1, "name", [whole("; ".join(names.get(row.cluster, ()))) or "no words in common" for row in rows])
    number = st.column_config.NumberColumn
    frame[["before", "after"]] *= 100
    st.dataframe(
        frame, hide_index=True, key="refinement-clusters", height=min(420, 38 + 35 * len(rows)),
        placeholder="—",
        column_config={
            "name": st.column_config.TextColumn("about", width="medium"),
            "size": number("samples", format="localized"),
            "before": number("weight at first", format="%.2f %%"), "after": number("weight now", format="%.2f %%"),
            "factor": number("changed by", format="%.2f ×", help="weight now / weight at first"),
            "drawn": number("new", help="samples drawn over all rounds, pins not counted"),
            "gold": number("R(gold)", format="%.3f", help="mean over the new samples"),
            "generated": number("R(generated)", format="%.3f", help="mean over the new samples"),
            "gap": number("mean gap", format="%.3f", help="R(gold) − R(generated): above 0 it raises the weight"),
        },
    )  # fmt: skip
    starved = [row for row in rows if row.factor < 1]
    blank = sum(not row.drawn for row in rows)
    st.caption(
        f"{len(starved):,} of {len(rows):,} clusters lost weight"
        + (
            f"; {many(blank, 'cluster')} without a new sample, and so without a score."
            if blank
            else "; each has new samples."
        )
    )


def show_examples(store: FeatureStore, rows: list[ClusterChange], samples: list[Drawn], names: Names) -> None:
    """The new samples of a cluster: the data's answer beside the model's."""
    st.subheader("What the model answered", anchor=False)
    with_some = [row.cluster for row in sorted(rows, key=lambda r: r.factor) if row.drawn]
    cluster = st.selectbox(
        "Cluster", with_some, key="refinement-cluster", format_func=lambda c: title_of_cluster(c, names),
        help="The cluster that lost most weight comes first.",
    )  # fmt: skip
    own = [s for s in samples if s.cluster == cluster]
    texts = store.samples([s.row for s in own[:EXAMPLES]])
    for drawn_one, sample in zip(own, texts, strict=False):
        gold = next((m.content for m in sample.messages if m.role == "assistant"), "")
        example(drawn_one, sample.prompt, gold)
    wins = sum(s.gold > s.generated for s in own)
    st.caption(
        f"The data's answer scores higher than the model's on {wins:,} of the cluster's "
        f"{many(len(own), 'new sample')}" + (f"; the first {EXAMPLES} are shown." if len(own) > EXAMPLES else ".")
    )


def example(drawn_one: Drawn, prompt: str, gold: str) -> None:
    """One sample: prompt, the data's answer and the model's, each with its score."""
    with st.container(border=True):
        why_link(drawn_one.row, f"Round {drawn_one.round}, row {drawn_one.row:,}")
        parts = (
            ("Prompt", prompt),
            (f"Gold answer · R = {signed(drawn_one.gold)}", gold),
            (f"Generated answer · R = {signed(drawn_one.generated)}", drawn_one.answer),
        )
        for column, (name, text) in zip(st.columns(3, gap="medium"), parts, strict=True):
            shown = escape(cut(covered(text), LONGEST))
            column.html(
                f"<div style='opacity:.7;font-size:.8rem'>{escape(name)}</div>"
                f"<div class='answer' style='{TEXT}' tabindex='0' dir='auto'>{shown or '(empty)'}</div>"
            )
