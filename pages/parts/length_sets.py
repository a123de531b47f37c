"""Sections of the page Longest response: the longest beside other sets, and what is left of it beyond length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.session.budgets import RANDOM
from core.studies.beyond_length import beyond_lines, random_with_tokens
from core.studies.length import scope_tokens
from core.studies.matched_sets import comparable_sets, costs, enrichment, random_beside
from pages.parts import length_figures as figures
from pages.parts import length_findings as findings
from pages.parts.figures import draw
from pages.parts.later import later
from pages.parts.tables import feature_link, feature_table
from pages.parts.view import View

LISTED = 300  # features of a table
ONE_DRAW = "random, one draw"
FORMATS = {
    **dict.fromkeys(("in samples", "in the longest", "in the others"), "%.1f %%"),
    **dict.fromkeys(("tokens with it", "tokens without"), "%.0f"),
    **dict.fromkeys(("mean with it", "mean without"), "%.3g"),
    "share": "%.2f %%",
    "q": st.column_config.NumberColumn(format="scientific", help="Benjamini and Hochberg's adjusted p value"),
}


def tokens_of(now: View) -> np.ndarray:
    """The tokens of each sample in the view's scope, int64 (N,)."""
    return now.session.remember(("tokens", now.spec.scope), lambda: scope_tokens(now.session.store, now.spec.scope))


def features_table(now: View, features: np.ndarray, key: str, more: Mapping[str, Any]) -> None:
    """A table of features; below it, a link to the one that was clicked."""
    formats = {name: of for name, of in FORMATS.items() if name in more}
    for feature in feature_table(now, features, key, more, formats=formats):
        feature_link(feature, now.spec.lens)


def show_sets(now: View) -> None:
    """The longest beside sets of as many: coverage at equal samples and equal tokens, and the features that differ."""
    spec = replace(now.spec, unit="samples", budget=len(now.selection.rows))
    session = now.session
    rows = later(session, ("sets", repr(spec)), lambda: comparable_sets(session, spec), "The sets are drawn")
    if rows is None:
        return
    table = costs(now.matrix, rows, session.info.tokens, session.info.response_tokens)
    by_name, budget = {line.name: line for line in table}, table[0].token_budget
    random = later(
        session, ("sets drawn", repr(spec)), lambda: random_beside(session, spec, budget), "Random samples are drawn"
    )
    if random is None:
        return
    longest = by_name["longest-response"]
    findings.lead(findings.of_sets(longest.covered, random[0], longest.covered_in_budget, random[1]))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("At equal samples", anchor=False)
        draw(figures.curves_figure(now, False, table[0].samples), "longest-samples", 320)
    with right:
        st.subheader("At equal tokens", anchor=False)
        draw(figures.curves_figure(now, True, budget), "longest-tokens", 320)
    greedy, cheap = by_name["sae-greedy"], min(table, key=lambda x: x.tokens)
    near, after = by_name["matched to greedy"], by_name["matched to the longest"]
    st.caption(
        f"With {longest.samples:,} samples the longest responses cover {longest.covered:,} features, greedy "
        f"{greedy.covered:,}, {RANDOM} {random[0][1]:,.0f}. With {budget:,} tokens, as many as the cheapest of these "
        f"sets has ({cheap.name}), the longest cover {longest.covered_in_budget:,}, greedy "
        f"{greedy.covered_in_budget:,}, {RANDOM} {random[1][1]:,.0f}."
    )
    st.caption(
        f"Random other samples of about greedy's lengths cover {near.covered:,}, a draw of what length alone brings. "
        f"Those matched to the longest are shorter ({after.mean_length:,.0f} response tokens against "
        f"{longest.mean_length:,.0f}), since no other samples are so long."
    )
    names = ("name", "samples", "tokens", "response tokens, mean", "covered", "tokens per feature")
    names += ("equal tokens", "samples then", "covered then")
    frame = pd.DataFrame([list(vars(line).values()) for line in table], columns=names).replace("random", ONE_DRAW)
    st.dataframe(frame.round(1), hide_index=True, key="longest-costs")
    show_enrichment(now, rows)


def show_enrichment(now: View, rows: dict[str, np.ndarray]) -> None:
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
        features_table(now, features, f"longest-{which}", more)


# --- beyond length


def show_beyond(now: View) -> None:
    """What greedy still covers once long samples have no advantage."""
    tokens = tokens_of(now)
    key = ("beyond", repr(now.spec))
    lines = later(now.session, key, lambda: beyond_lines(now.session, now.spec, tokens), "Greedy is run without length")
    if lines is None:
        return
    plain, by_name = lines[0], {line.name: line for line in lines}
    relative, random = by_name["greedy by relative gain"], by_name["random"]
    findings.lead(findings.of_beyond((plain.covered, plain.mean_tokens), (relative.covered, relative.mean_tokens)))
    draw(figures.beyond_figure(lines), "longest-beyond", 400)
    st.caption(
        f"Greedy by relative gain takes the largest gain relative to what the length promises. It covers "
        f"{relative.covered:,} features, plain greedy {plain.covered:,}, one random draw {random.covered:,}."
    )
    spent = round(plain.mean_tokens * plain.samples)
    fair = later(now.session, (*key, "random"), lambda: random_with_tokens(now.session, now.spec, spent),
                 "Random samples with as many tokens are drawn")  # fmt: skip
    if fair is not None:
        st.caption(f"With the {spent:,} tokens of plain greedy, {RANDOM} covers {fair:,.0f} features.")
    names = ("selection", "samples", "features covered", "mean tokens", "r with length")
    frame = pd.DataFrame([list(vars(line).values()) for line in lines], columns=names).replace("random", ONE_DRAW)
    frame["tokens per feature"] = frame["mean tokens"] * frame["samples"] / np.maximum(frame["features covered"], 1)
    st.dataframe(frame.round(2), hide_index=True, key="longest-beyond-table")
