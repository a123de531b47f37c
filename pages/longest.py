"""Longest response: why long answers cover so much, what that consists of, and what is left of it at equal tokens."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.features.kinds import kinds_among, known_kinds
from core.schema import KINDS, MEANING
from core.store.places import Places, token_places
from core.studies.growth import growth
from core.studies.length import Interval, by_theta, scope_correlations
from core.studies.length_features import decomposition
from pages.parts import length_figures as figures
from pages.parts import text
from pages.parts.figures import draw
from pages.parts.length_sets import LISTED, features_table, show_beyond, show_sets, tokens_of
from pages.parts.view import header, metrics, view

LEAD = "Long answers activate more features. What that is worth, and what selection adds to it."
LACKING = "This page counts the token features of long and short answers; this store, made without an SAE, has none."
SECTIONS = ("Correlation", "What it consists of", "Growth", "Against other sets", "Beyond length")


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
    own = found[now.spec.scope]
    cut = int((store.sample_columns()["n_truncated"] > 0).sum())
    left.caption(
        f"Over {own.n:,} samples r = {own.pearson.value:.2f}: a sample with the median of {np.median(tokens):,.0f} "
        f"tokens activates {np.median(counts):,.0f} features. The paper reports r = 0.92. "
        + (f"Tokens and features are those that the model read: {cut:,} samples were not read whole." if cut else "")
    )
    with right:
        table = session.default_theta(now.spec.scope, now.spec.lens)[1]
        levels = [row.quantile for row in table], [row.theta for row in table]
        raw = session.raw_matrix(now.spec.scope, now.spec.lens)
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
    known = session.remember("kinds", lambda: known_kinds(session.store)) if now.spec.lens == "tokens" else {}
    kinds = [known.get(f, "topic") for f in listed.tolist()]
    left, right = st.columns([2, 3], gap="large")
    with left:
        draw(figures.share_curve(found), "longest-shares", 520)
    with right:
        draw(figures.share_bars(found, kinds, now.label), "longest-bars", 520)
    st.caption(
        "The covariance of length and number of features is the sum of each feature's covariance with length. "
        f"{found.half:,} of {len(found.order):,} features make up half of it" + told(listed[: found.half], known)
    )
    rows = listed[:LISTED]
    more = {
        "kind": kinds[:LISTED], "share": 100 * found.share[rows], "in samples": 100 * found.density[rows],
        "tokens with it": found.with_it[rows], "tokens without": found.without[rows],
    }  # fmt: skip
    features_table(now, rows, "longest-decomposition", more)


def told(features: np.ndarray, kinds: dict[int, str]) -> str:
    """How many of the features stand for content, and of which kinds the rest are: the end of a sentence."""
    number = kinds_among(features, kinds)
    if not number:
        return "."
    rest = ", ".join(f"{number[kind]:,} {kind}" for kind in KINDS if kind not in MEANING)
    own = ", ".join(f"{number[kind]:,} {kind}" for kind in MEANING)
    return f": {number['content']:,} stand for content ({own}), the others for wording and format ({rest})."


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


store = view().session.store
if "tokens" not in store.lenses:
    header("Longest response", LEAD)
    st.info(LACKING, icon=":material/straighten:")
    st.stop()
now = header("Longest response", LEAD, lens="tokens")
if now.spec != view().spec:
    st.caption("This page looks through tokens, at their default θ: a sample has few topics, however long it is.")
session, counts = now.session, now.matrix.counts
tokens = tokens_of(now)
shows = (show_correlation, show_decomposition, show_growth, lambda: show_sets(now), lambda: show_beyond(now))
for tab, show in zip(st.tabs(SECTIONS, key="section", on_change="rerun", bind="query-params"), shows, strict=True):
    if tab.open:
        with tab:
            show()
