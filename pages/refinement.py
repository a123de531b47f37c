"""Refinement: a run of k-means-quality with iterative refinement, round by round and cluster by cluster."""

import numpy as np
import pandas as pd
import streamlit as st

from core.refine.example import read_example
from core.refine.runs import RefineRun, round_table, runs_of
from core.refine.view import Drawn, changes, clusters_of, command, drawn, goes_on_by_command, runs_stamp
from core.schema import NOUNS
from core.studies.refinement_rivals import Rival, rivals
from core.system.shown import many
from pages.parts import refinement_figures as figures
from pages.parts.actions import action_bar
from pages.parts.choices import choose
from pages.parts.clusters import cards_of
from pages.parts.evidence import masked_previews
from pages.parts.examples import show_example_note
from pages.parts.figures import draw
from pages.parts.jobs import job_lives
from pages.parts.refinement_clusters import show_clusters, show_examples, show_weights, signed, title_of_cluster
from pages.parts.sample_panel import beside
from pages.parts.tables import columns
from pages.parts.text import cut, plain, whole
from pages.parts.training_forms import refine_form
from pages.parts.view import header, metrics

COMPARED = {  # of ways to select as many samples
    "title": st.column_config.TextColumn("selected by"), "covered": "localized", "tokens": "localized",
}  # fmt: skip


def show_example() -> None:
    """What a run looks like, on the run over the demo that comes with SAElect."""
    found = read_example()
    run, config = found.run, found.run.config
    show_example_note("a run", f"{config.rounds} rounds, {config.budget:,} samples, {config.new_tokens} new tokens")
    show_state(run)
    show_weights(run, changes(run), found.names)
    show_clusters(changes(run), found.names)
    st.subheader("The same number of samples, selected in one go", anchor=False)
    ways = [Rival(options={}, **way) for way in found.rivals]
    st.dataframe(pd.DataFrame([{name: way[name] for name in COMPARED} for way in found.rivals]), hide_index=True,
                 key="refinement-rivals", column_config=columns(COMPARED))  # fmt: skip
    st.caption(compared(ways, NOUNS[config.lens]))
    show_rounds(run)


# --- which run


def title_of(run: RefineRun) -> str:
    """What tells runs apart: name, time, rounds, budget, scorer and lens."""
    config = run.config
    rounds = f"{len(run.rounds)} of {config.rounds} rounds"
    created = run.created[:16].replace("T", " ") + " UTC"
    asked = f"{config.budget:,} samples · {config.scorer} · {config.lens}"
    return whole(f"{config.folder.name} · {created} · {rounds} · {asked}")


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
    if not (run.finished or job_lives("refine", session.store.key)):
        unfinished(run)


def unfinished(run: RefineRun) -> None:
    """That a run is not finished, and the command that goes on with it."""
    decisions = (now.state.of(run.config.lens).vetoes, now.state.pins, now.state.bans)
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


def show_samples(run: RefineRun, samples: list[Drawn]) -> None:
    """All samples in the order in which they came."""
    st.subheader("The samples, in the order they were drawn", anchor=False)
    rounds = [0] * len(run.config.pins) + [s.round for s in samples]
    clusters = [cut(title_of_cluster(int(run.label[row]), names), 40) for row in run.rows]
    drawn_by = ", ".join(f"{len(r.rows):,} in round {r.number}" for r in run.rounds)
    pinned = f"; {len(run.config.pins):,} pinned before the first (round 0)" if run.config.pins else ""
    st.caption(f"{len(run.rows):,} samples: {drawn_by}{pinned}.")
    action_bar(now, run.rows, "refinement", "drawn by refinement")
    beside(now, run.rows, "refinement", {"round": rounds, "cluster": clusters})


def show_rounds(run: RefineRun) -> None:
    """What each round took and brought."""
    with st.expander("Table: the rounds"):
        st.dataframe(pd.DataFrame(round_table(run)).round(4), hide_index=True, key="refinement-rounds")


def show_curve(run: RefineRun) -> None:
    """How the number of clusters was chosen."""
    st.subheader("How the number of clusters was chosen", anchor=False)
    draw(figures.k_figure(run.curve, len(run.weight)), "refinement-k", 300)
    best = max(run.curve, key=lambda point: point.silhouette)
    st.caption(
        f"{len(run.weight):,} clusters, by {run.config.k} among {len(run.curve)} numbers; the silhouette is largest at "
        f"k = {best.k:,} ({best.silhouette:.3f})."
    )


# --- beside other ways


def show_rivals(run: RefineRun) -> None:
    """The run's picks on the map beside those of one-shot kMQ and of sae-greedy."""
    st.subheader("The same number of samples, selected in one go", anchor=False)
    noun, place = NOUNS[run.config.lens], session.projection(run.config.lens)
    with st.spinner("Selecting …"):
        ways = session.remember(("rivals", name, len(run.rows)), lambda: rivals(session, run))
    every = np.unique(np.concatenate([run.rows, *(way.rows for way in ways if not way.why)]))
    told = session.remember(("rivals told", name, len(run.rows)), lambda: masked_previews(session, every))
    prompts = {row: prompt for row, (prompt, _) in zip(every.tolist(), told, strict=True)}
    for i, (column, way) in enumerate(zip(st.columns(3, gap="medium"), ways, strict=True)):
        with column:
            st.markdown(f"**{way.title}**")
            if way.why:
                st.caption(plain(f"{way.method} could not run: {way.why}"))
                continue
            draw(figures.map_figure(place, way.rows, prompts), f"refinement-map-{i}", 300)
            st.caption(f"{len(way.rows):,} samples cover {many(way.covered, noun)} with {way.tokens:,} tokens.")
    thin = f" Of those left out, {figures.LEFT_OUT:,} are drawn." if session.store.n_samples > figures.LEFT_OUT else ""
    st.caption(compared(ways, noun) + thin)


def compared(ways: list[Rival], noun: str) -> str:
    """Which covers most, and where one-shot kMQ draws all alike, that it does."""
    ran = [way for way in ways if not way.why]
    best = max(ran, key=lambda way: way.covered, default=None)
    most = f"{best.title} covers most, {many(best.covered, noun)}" if best else "None of them could run"
    own = ways[0]
    if best and not own.why and best is not own and best.covered and best.tokens:
        most += f"; the run covers {own.covered / best.covered:.0%} as many with {own.tokens / best.tokens:.0%} of its "
        most += "tokens"
    alike = "Inside a cluster the run draws at random, so one round of it is kmeans-random."
    return plain(f"{most}. " + (alike if ways[1].method == "kmeans-random" else ""))


now = header("Refinement", "In each round, clusters of samples that the model does not answer well yet gain weight.")
session = now.session
every = session.remember(("refinements", runs_stamp(session.store.key)), lambda: runs_of(session.store.key))
refine_form(now, expanded=not every)
if not every:
    show_example()
    st.stop()
by_name = {run.config.folder.name: run for run in every}
name = choose("Run", "run", {n: title_of(run) for n, run in by_name.items()})
run = by_name[name]
show_state(run)
if not len(run.rows):
    if not any(len(other.rows) for other in every):
        show_example()
    st.stop()
names = {card.cluster: card.names for card in cards_of(now, clusters_of(run), run.rows, "refinement", name)}
if run.rounds:
    rows, samples = changes(run), drawn(run)
    show_weights(run, rows, names)
    show_clusters(rows, names)
    show_examples(session.store, rows, samples, names)
    show_samples(run, samples)
    show_rounds(run)
if run.curve:
    show_curve(run)
show_rivals(run)
