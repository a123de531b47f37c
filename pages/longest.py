"""Longest response: why long answers cover so much, what that consists of, and what is left of it at equal tokens."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.session.session import by_method
from core.store.places import Places, token_places
from core.studies.beyond_length import Beyond, beyond, by_relative_gain, in_length_bins
from core.studies.growth import growth
from core.studies.length import Interval, by_theta, scope_correlations, scope_tokens
from core.studies.length_features import EDGE, KINDS, SHORTEST, decomposition, feature_kinds
from core.studies.matched_sets import comparable_sets, costs, enrichment
from pages.parts import length_figures as figures
from pages.parts import text
from pages.parts.figures import draw
from pages.parts.tables import feature_link, feature_table
from pages.parts.view import header, metrics

SECTIONS = ("Correlation", "What it consists of", "Growth", "Against other sets", "Beyond length")
LISTED = 300  # features of a table


def remembered(name: str, compute: Callable[[], Any]) -> Any:
    """What `compute()` gives for this scope and θ, once."""
    return now.session.remember((name, now.spec.scope, now.spec.theta), compute)


# --- correlation


def show_correlation() -> None:
    """The samples as points, r with intervals, r against θ: the points are drawn while the rest is computed."""
    above, (left, right) = st.container(), st.columns([3, 2], gap="large")
    with left:
        draw(figures.scatter(tokens, counts, now.selection.rows, now.spec.scope), "longest-scatter", 400)
    found = session.remember(("r", now.spec.theta), lambda: scope_correlations(session, now.spec.theta))
    with above:
        metrics(*((f"Pearson r, {s}", f"{c.pearson.value:.3f}", interval(c.pearson)) for s, c in found.items()))
    own, store = found[now.spec.scope], session.store
    cut = int((store.sample_columns()["n_truncated"] > 0).sum())
    left.caption(
        f"Over {own.n:,} samples r = {own.pearson.value:.2f}: a sample with the median of {np.median(tokens):,.0f} "
        f"tokens activates {np.median(counts):,.0f} features. The paper reports r = 0.92. "
        + (f"{cut:,} were cut at {store.meta['config']['max_tokens']} tokens." if cut else "")
    )
    with right:
        table = session.default_theta(now.spec.scope)[1]
        levels = [row.quantile for row in table], [row.theta for row in table]
        raw = session.raw_matrix(now.spec.scope)
        rows = session.remember(("r by theta", now.spec.scope), lambda: by_theta(raw, tokens, *levels))
        draw(figures.theta_figure(rows, now.spec.theta), "longest-theta", 400)
        known = [row.pearson for row in rows if np.isfinite(row.pearson)]
        if known:
            st.caption(f"Whatever θ is chosen, Pearson's r lies between {min(known):.2f} and {max(known):.2f}.")
    more = st.expander("Table: r by scope and by θ", key="r-table", on_change="rerun")
    if more.open:
        one, two = more.columns(2, gap="large")
        scopes = [
            {"features of": s, "Pearson r": str(c.pearson), "Spearman r": str(c.spearman)} for s, c in found.items()
        ]
        one.dataframe(pd.DataFrame(scopes), hide_index=True)
        two.dataframe(pd.DataFrame([vars(row) for row in rows]).round(3), hide_index=True, height=240)


def interval(r: Interval) -> str:
    """The 95 % interval in a few characters."""
    return f"95 %: {r.low:.3f} to {r.high:.3f}" if np.isfinite(r.low) else "does not vary"


# --- what it consists of


def all_places() -> Places:
    """Where in its segment each token lies."""
    return session.remember("places", lambda: token_places(session.store))


def show_decomposition() -> None:
    """Which features the covariance of length and feature count consists of."""
    found = remembered("decomposition", lambda: decomposition(now.matrix, tokens))
    if not found.half:
        st.info("Length and the number of active features do not rise together here.", icon=":material/straighten:")
        return
    listed = found.order[: max(found.half, 25)]
    task = session.store, all_places(), listed, now.spec.theta, now.spec.scope
    kinds = remembered("kinds", lambda: feature_kinds(*task))
    number = {kind: kinds[: found.half].count(kind) for kind in KINDS}
    left, right = st.columns([2, 3], gap="large")
    with left:
        draw(figures.share_curve(found), "longest-shares", 520)
    with right:
        draw(figures.share_bars(found, kinds, now.label), "longest-bars", 520)
    st.caption(
        "The covariance of length and number of features is the sum of each feature's covariance with length. "
        f"{found.half:,} of {len(found.order):,} features make up half of it: "
        + ", ".join(f"{n:,} {kind}" for kind, n in number.items())
        + ". 'Template or position' means that half of the peaks or more lie in the first or last "
        f"{EDGE} tokens of a segment (of {SHORTEST} or more); 'punctuation', that most of the strongest peaks have "
        "neither letter nor digit."
    )
    rows = listed[:LISTED]
    more = {
        "kind": kinds[:LISTED], "share": 100 * found.share[rows], "in samples": 100 * found.density[rows],
        "tokens with it": found.with_it[rows], "tokens without": found.without[rows],
    }  # fmt: skip
    features_table(rows, "longest-decomposition", more)


def features_table(features: np.ndarray, key: str, more: dict) -> None:
    """A table of features; below it, a link to the one that was clicked."""
    formats = dict.fromkeys(("in samples", "in the longest", "in the others"), "%.1f %%") | {"share": "%.2f %%"}
    formats |= dict.fromkeys(("tokens with it", "tokens without"), "%.0f")
    help = "Benjamini and Hochberg's adjusted p value"
    formats |= {"q": st.column_config.NumberColumn(format="scientific", help=help)}
    formats = {name: of for name, of in formats.items() if name in more}
    for feature in feature_table(now, features, key, more, formats=formats):
        feature_link(feature)


# --- growth


def show_growth() -> None:
    """How fast features come with the tokens of a response, by source."""
    places = all_places()
    found = session.remember(("growth", now.spec.theta), lambda: growth(session.store, places, now.spec.theta))
    curves = [curve for curve in found if np.isfinite(curve.beta)][:4]
    if not curves:
        st.info("No response is long enough to see features grow.", icon=":material/straighten:")
        return
    draw(figures.growth_figure(curves), "longest-growth", 460)
    first = curves[0]
    meaning = (
        "fewer and fewer come with each token" if first.beta < 0.95 else "they come almost in step with the tokens"
    )
    st.caption(
        text.plain(
            f"In the {first.samples[0]:,} responses of {first.source} features grow as t^{first.beta:.2f} (Heaps' law, "
            f"r² = {first.r2:.3f}): {meaning}, and twice the tokens bring {2**first.beta:.2f} times the features. A "
            "feature counts once the token of its largest value is read; the mean is over the responses at least t "
            f"tokens long, {first.samples[-1]:,} at the end."
        )
    )


# --- against other sets


def show_sets() -> None:
    """The longest beside sets of as many: coverage at equal samples and equal tokens, and the features that differ."""
    spec = replace(now.spec, unit="samples", budget=len(now.selection.rows))
    rows = session.remember(("sets", repr(spec)), lambda: comparable_sets(session, spec))
    table = costs(now.matrix, rows, session.info.tokens, session.info.response_tokens)
    by_name, budget = {line.name: line for line in table}, table[0].token_budget
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("At equal samples", anchor=False)
        draw(figures.curves_figure(now, False, table[0].samples), "longest-samples", 320)
    with right:
        st.subheader("At equal tokens", anchor=False)
        draw(figures.curves_figure(now, True, budget), "longest-tokens", 320)
    longest, greedy, cheap = by_name["longest-response"], by_name["sae-greedy"], min(table, key=lambda x: x.tokens)
    near, after = by_name["matched to greedy"], by_name["matched to the longest"]
    st.caption(
        f"With {longest.samples:,} samples the longest responses cover {longest.covered:,} features and greedy "
        f"{greedy.covered:,}; with the {budget:,} tokens of {cheap.name}, the cheapest, {longest.covered_in_budget:,} "
        f"and {greedy.covered_in_budget:,}. Random other samples of about greedy's lengths ({near.mean_length:,.0f} "
        f"response tokens against {greedy.mean_length:,.0f}) cover {near.covered:,}, a draw of "
        f"what length alone brings. Those matched to the longest are shorter ({after.mean_length:,.0f} against "
        f"{longest.mean_length:,.0f}), as no other samples are so long."
    )
    names = ("name", "samples", "tokens", "response tokens, mean", "covered", "tokens a feature")
    names += ("equal tokens", "samples then", "covered then")
    frame = pd.DataFrame([list(vars(line).values()) for line in table], columns=names)
    st.dataframe(frame.round(1), hide_index=True, key="longest-costs")
    show_enrichment(rows)


def show_enrichment(rows: dict[str, np.ndarray]) -> None:
    """Features commoner in the longest samples than in another set, or rarer."""
    st.subheader("What the longest have more of, and less", anchor=False)
    one, two = st.columns(2)
    other = one.selectbox(
        "Against", [n for n in rows if n not in ("longest-response", "matched to greedy")], key="against"
    )
    which = two.segmented_control("Features", ("enriched", "depleted", "only longest", "only the other"),
                                  default="enriched", required=True, key="differ")  # fmt: skip
    found = enrichment(now.matrix, rows["longest-response"], rows[other])
    lists = {"enriched": found.enriched, "depleted": found.depleted, "only longest": found.only_one}
    features = {**lists, "only the other": found.only_two}[which][:LISTED]
    st.caption(
        f"Of the features, {len(found.enriched):,} are commoner in the longest than in {other} and "
        f"{len(found.depleted):,} rarer (hypergeometric test, false discovery rate 5 %, without the samples in both); "
        f"{len(found.only_one):,} are reached by the longest alone, {len(found.only_two):,} by the other alone."
    )
    if len(features):
        more = {
            "in the longest": 100 * found.one[features] / max(found.n_one, 1),
            "in the others": 100 * found.two[features] / max(found.n_two, 1), "q": found.q[features],
        }  # fmt: skip
        features_table(features, f"longest-{which}", more)


# --- beyond length


def beyond_lines() -> list[Beyond]:
    """Greedy with the effect of length taken away, beside the others, at the view's number of samples."""
    k = len(now.selection.rows)
    spec = replace(now.spec, unit="samples", budget=k)
    rows = {m: session.selection(by_method(spec, m)).rows for m in ("sae-greedy", "longest-response", "random")}
    rows["greedy in length bins"] = in_length_bins(now.matrix, spec, session.info, tokens).rows
    rows["greedy by relative gain"] = by_relative_gain(now.matrix, spec, session.info, tokens).rows
    return beyond(now.matrix, rows, session.info.tokens, tokens)


def show_beyond() -> None:
    """What greedy still covers once long samples have no advantage."""
    lines = session.remember(("beyond", repr(now.spec)), beyond_lines)
    plain, by_name = lines[0], {line.name: line for line in lines}
    draw(figures.beyond_figure(lines), "longest-beyond", 400)
    relative, random = by_name["greedy by relative gain"], by_name["random"]
    st.caption(
        f"Taking the largest gain relative to what the length promises, {relative.samples:,} samples cover "
        f"{relative.covered:,} features with {relative.mean_tokens:,.0f} tokens each (r of being picked with length "
        f"{figures.signed(relative.r)}); plain greedy covers {plain.covered:,} with {plain.mean_tokens:,.0f} "
        f"({figures.signed(plain.r)}), random {random.covered:,} with {random.mean_tokens:,.0f} "
        f"({figures.signed(random.r)})."
    )
    names = ("selection", "samples", "features covered", "mean tokens", "r with length")
    frame = pd.DataFrame([list(vars(line).values()) for line in lines], columns=names)
    frame["tokens a feature"] = frame["mean tokens"] * frame["samples"] / np.maximum(frame["features covered"], 1)
    st.dataframe(frame.round(2), hide_index=True, key="longest-beyond-table")


now = header(
    "Longest response", "Long answers activate more features. What that is worth, and what selection adds to it."
)
session, counts = now.session, now.matrix.counts
tokens = session.remember(("tokens", now.spec.scope), lambda: scope_tokens(session.store, now.spec.scope))
shows = (show_correlation, show_decomposition, show_growth, show_sets, show_beyond)
for tab, show in zip(st.tabs(SECTIONS, key="section", on_change="rerun", bind="query-params"), shows, strict=True):
    if tab.open:
        with tab:
            show()
