"""Refinement: a run of k-means-quality with iterative refinement, round by round and cluster by cluster."""

import numpy as np
import pandas as pd
import streamlit as st

from core.refine.runs import RefineRun, round_table, runs_of
from core.refine.view import (
    ClusterChange,
    Drawn,
    cards,
    changes,
    command,
    drawn,
    goes_on_by_command,
    movers,
    runs_stamp,
    weights_over_rounds,
)
from core.studies.refinement_rivals import Rival, rivals
from core.system.shown import many, shown_path
from pages.parts import refinement_figures as figures
from pages.parts.choices import choose
from pages.parts.figures import draw
from pages.parts.runs import how_to_begin, what_is_missing
from pages.parts.tables import samples_table, why_link
from pages.parts.text import cut, escape, plain, whole
from pages.parts.view import header, metrics, previews

EXAMPLES = 10  # samples of a cluster shown at once
LONGEST = 3000  # characters of a text shown
TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;max-height:240px;overflow:auto;font-size:.9rem"


def empty_state() -> None:
    """What to do when there is no run on this data set."""
    n = session.store.n_samples
    how_to_begin(
        "No run of refinement on this data set yet. A run clusters the samples and goes round by round: it draws some "
        "by the clusters' weights, fine-tunes on them, and gives more weight to the clusters that it answers worst.",
        f"python -m core refine --store {shown_path(session.store.path)} --rounds 3 --budget {max(3, n // 10)}",
        ":material/autorenew:",
    )


# --- which run


def title_of(run: RefineRun) -> str:
    """What tells runs apart: name, time, rounds, budget and scorer."""
    config = run.config
    rounds = f"{len(run.rounds)} of {config.rounds} rounds"
    created = run.created[:16].replace("T", " ") + " UTC"
    return whole(f"{config.folder.name} · {created} · {rounds} · {config.budget:,} samples · {config.scorer}")


def show_state(run: RefineRun) -> None:
    """The run's figures, and how an unfinished one goes on."""
    config, table = run.config, round_table(run)
    last = table[-1] if table else None
    metrics(
        ("Rounds", f"{len(run.rounds)} of {config.rounds}", "finished"),
        ("Samples", f"{len(run.rows):,}", f"of {config.budget:,}, {len(config.pins):,} pinned"),
        ("Clusters", f"{len(run.weight):,}", f"k = {config.k or '√N'}"),
        ("Effective clusters", f"{last['effective clusters']:.1f}" if last else "—", "by the entropy"),
        ("R(gold) − R(generated)", signed(last["R(gold) − R(generated)"]) if last else "—", f"by {config.scorer}"),
    )
    if not run.finished:
        unfinished(run)


def unfinished(run: RefineRun) -> None:
    """That a run is not finished, and the command that goes on with it."""
    decisions = (now.state.vetoes, now.state.pins, now.state.bans)
    done = f"{len(run.rounds)} of {run.config.rounds} rounds are finished."
    if goes_on_by_command(run.config, session.store, decisions):
        st.warning(f"{done} The same command goes on with it:", icon=":material/hourglass_top:")
        st.code(command(run.config, session.store.path), language=None, wrap_lines=True)
    else:
        st.warning(
            f"{done} What began it goes on with it: prove, or refine under the vetoes, pins and bans of then. With "
            "those of now the command would begin another run.",
            icon=":material/hourglass_top:",
        )


# --- clusters


def named(cluster: int) -> str:
    """A cluster's number and its most enriched features."""
    card = found.get(cluster)
    return whole(f"{cluster} · {'; '.join(card.names[:2])}" if card and card.names else f"{cluster}")


def signed(value: float) -> str:
    """A score with its sign, a real minus among them."""
    return f"{value:+.3f}".replace("-", "−") if np.isfinite(value) else "—"


def show_weights(run: RefineRun, rows: list[ClusterChange]) -> None:
    """The clusters' weights over the rounds."""
    st.subheader("The clusters' weights", anchor=False)
    weights = weights_over_rounds(run)
    gainers, losers = movers(weights, figures.NAMED)
    titles = {c: named(c) for c in range(weights.shape[1])}
    draw(figures.weight_figure(weights, gainers, losers, titles), "refinement-weights", 440)
    by_number = {row.cluster: row for row in rows}
    if not gainers or not losers:
        st.caption("No weight has changed: no cluster has a score, or all have the same.")
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
            f"Cluster {named(up.cluster)} gained most, from {up.before:.2%} to {up.after:.2%} of the weight "
            f"({up.factor:.2f} times). Cluster {named(down.cluster)} was starved most, from {down.before:.2%} to "
            f"{down.after:.2%} ({down.factor:.2f} times): {scored}."
        )
    )


def show_clusters(rows: list[ClusterChange]) -> None:
    """All clusters with their weights and scores."""
    card_names = {c: "; ".join(card.names) for c, card in found.items()}
    frame = pd.DataFrame([vars(row) for row in rows])
    frame.insert(1, "name", [whole(card_names.get(row.cluster, "")) or "none beyond chance" for row in rows])
    number = st.column_config.NumberColumn
    frame[["before", "after"]] *= 100
    st.dataframe(
        frame, hide_index=True, key="refinement-clusters", height=min(420, 38 + 35 * len(rows)),
        column_config={
            "name": st.column_config.TextColumn("enriched features", width="medium"),
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


def show_examples(rows: list[ClusterChange], samples: list[Drawn]) -> None:
    """The new samples of a cluster: the data's answer beside the model's."""
    st.subheader("What the model answered", anchor=False)
    with_some = [row.cluster for row in sorted(rows, key=lambda r: r.factor) if row.drawn]
    cluster = st.selectbox(
        "Cluster", with_some, key="refinement-cluster", format_func=named,
        help="The cluster that was starved most comes first.",
    )  # fmt: skip
    own = [s for s in samples if s.cluster == cluster]
    texts = session.store.samples([s.row for s in own[:EXAMPLES]])
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
            shown = escape(cut(text, LONGEST))
            column.html(
                f"<div style='opacity:.7;font-size:.8rem'>{escape(name)}</div>"
                f"<div class='answer' style='{TEXT}' tabindex='0' dir='auto'>{shown or '(empty)'}</div>"
            )


def show_samples(run: RefineRun, samples: list[Drawn]) -> None:
    """All samples in the order in which they came."""
    st.subheader("The samples, in the order they came", anchor=False)
    rounds = [0] * len(run.config.pins) + [s.round for s in samples]
    clusters = [cut(named(int(run.label[row])), 40) for row in run.rows]
    chosen = samples_table(now, run.rows, "refinement-samples", {"round": rounds, "cluster": clusters})
    drawn_by = ", ".join(f"{len(r.rows):,} in round {r.number}" for r in run.rounds)
    pinned = f"; {len(run.config.pins):,} pinned before the first (round 0)" if run.config.pins else ""
    st.caption(f"{len(run.rows):,} samples: {drawn_by}{pinned}.")
    for row in chosen:
        why_link(row)


def show_curve(run: RefineRun) -> None:
    """How the number of clusters was chosen."""
    st.subheader("How k was chosen", anchor=False)
    draw(figures.k_figure(run.curve, len(run.weight)), "refinement-k", 300)
    best = max(run.curve, key=lambda point: point.silhouette)
    st.caption(
        f"{len(run.weight):,} clusters, by {run.config.k} among {len(run.curve)} numbers; the silhouette is largest at "
        f"k = {best.k:,} ({best.silhouette:.3f})."
    )


# --- beside other ways


def show_rivals(run: RefineRun) -> None:
    """The run's picks on the map beside those of one-shot kMQ and of sae-greedy."""
    st.subheader("As many samples, selected at once", anchor=False)
    place = session.remember("projection", session.store.projection)
    with st.spinner("Selecting …"):
        ways = session.remember(("rivals", name, len(run.rows)), lambda: rivals(session, run))
    texts = previews(session)
    for i, (column, way) in enumerate(zip(st.columns(3, gap="medium"), ways, strict=True)):
        with column:
            st.markdown(f"**{way.title}**")
            if way.why:
                st.caption(plain(f"{way.method} could not run: {way.why}"))
                continue
            draw(figures.map_figure(place, way.rows, texts), f"refinement-map-{i}", 300)
            st.caption(f"{len(way.rows):,} samples cover {way.covered:,} features with {way.tokens:,} tokens.")
    st.caption(compared(ways))


def compared(ways: list[Rival]) -> str:
    """Which covers most, and where one-shot kMQ draws all alike, that it does."""
    ran = [way for way in ways if not way.why]
    best = max(ran, key=lambda way: way.covered, default=None)
    most = f"{best.title} covers most, {best.covered:,} features" if best else "None of them could run"
    own = ways[0]
    if best and not own.why and best is not own and best.covered and best.tokens:
        most += f"; the run covers {own.covered / best.covered:.0%} as many with {own.tokens / best.tokens:.0%} of its "
        most += "tokens"
    alike = "The run draws all alike inside a cluster: in one round that is kmeans-random."
    return plain(f"{most}. " + (alike if ways[1].method == "kmeans-random" else ""))


now = header("Refinement", "Clusters whose samples the model does not answer well yet gain weight from round to round.")
session = now.session
what_is_missing()
every = session.remember(("refinements", runs_stamp(session.store.key)), lambda: runs_of(session.store.key))
if not every:
    empty_state()
    st.stop()
by_name = {run.config.folder.name: run for run in every}
name = choose("Run", "run", {n: title_of(run) for n, run in by_name.items()})
run = by_name[name]
show_state(run)
if not len(run.rows):
    st.stop()
matrix = session.matrix(run.config.scope, run.config.theta)
found = session.remember(
    ("refinement cards", name, len(run.rounds), now.state.version), lambda: cards(run, matrix, now.label)
)
if run.rounds:
    rows, samples = changes(run), drawn(run)
    show_weights(run, rows)
    show_clusters(rows)
    show_examples(rows, samples)
    show_samples(run, samples)
    with st.expander("Table: the rounds"):
        st.dataframe(pd.DataFrame(round_table(run)).round(4), hide_index=True, key="refinement-rounds")
if run.curve:
    show_curve(run)
show_rivals(run)
