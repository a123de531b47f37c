"""Longest response: why long answers cover so much, what that consists of, and what is left of it at equal tokens.

Another column of numbers, a score for instance, can take the place of length in the first two sections.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.features.kinds import kinds_among, known_kinds
from core.schema import KINDS, MEANING
from core.selection.inputs import TOKEN_COUNTS
from core.store.places import MOST, token_places
from core.studies.growth import Growth, growth
from core.studies.length import (
    Correlation,
    Interval,
    ThetaCorrelation,
    by_theta,
    controlled,
    correlation,
    scope_correlations,
)
from core.studies.length_features import decomposition
from core.system.shown import many
from pages.parts import length_figures as figures
from pages.parts import length_findings as findings
from pages.parts import text
from pages.parts.figures import draw
from pages.parts.later import later
from pages.parts.length_sets import LISTED, features_table, show_beyond, show_sets, tokens_of
from pages.parts.view import header, link, metrics, view

LEAD = "Long answers activate more features. What that is worth, and what selection adds to it."
LACKING = "This page counts the token features of long and short answers; this store, made without an SAE, has none."
ONLY_LENGTH = (
    "Its correlation, the same with length held, and what it consists of. How features grow token by token, the "
    "longest beside other sets, and greedy without the advantage of length are about length alone."
)
SECTIONS = ("Correlation", "What it consists of", "Growth", "Against other sets", "Beyond length")
LENGTH = "length"  # the column that stands for the tokens of the scope


def remembered(name: str, compute: Callable[[], Any], what: str) -> Any:
    """What `compute()` gives for this column, scope and θ, once; None while it is computed."""
    return later(now.session, (name, column, now.spec.scope, now.spec.theta), compute, what)


def pick_column() -> str:
    """Length, or a score in its place."""
    scores = [name for name in session.info.scores if name not in TOKEN_COUNTS]
    if not scores:
        return LENGTH
    chosen = st.selectbox("What goes with the number of features?", [LENGTH, *scores], key="column",
                          bind="query-params",
                          format_func=lambda name: "Length" if name == LENGTH else text.whole(name))  # fmt: skip
    if chosen != LENGTH:
        st.caption(ONLY_LENGTH)
    return chosen


# --- correlation


def show_correlation() -> None:
    """The samples as points, r with intervals, r against θ: the points are drawn while the rest is computed."""
    finding, above, (left, right) = st.container(), st.container(), st.columns([3, 2], gap="large")
    with left:
        draw(figures.scatter(values, counts, now.selection.rows, axis()), "longest-scatter", 400)
    with right:
        by = show_by_theta()
    with above:
        found = show_r()
    if found is None:
        return
    own = found[now.spec.scope]
    with finding:
        findings.lead(findings.of_correlation("" if column == LENGTH else column, own.pearson.value))
    told = f"Over {own.n:,} samples r = {own.pearson.value:.2f}"
    left.caption(f"{told}: {length_told()}" if column == LENGTH else f"{told}.")
    if by is not None:
        show_table(found, by)


def show_r() -> dict[str, Correlation] | None:
    """r with its intervals, of length by scope, of another column as it is and with length held; by scope."""
    scope, theta = now.spec.scope, now.spec.theta
    if column == LENGTH:
        known = ("r", theta)
        found = later(session, known, lambda: scope_correlations(session, theta), "The intervals of r are drawn")
        if found is not None:
            metrics(*((f"Pearson r, {s}", f"{c.pearson.value:.3f}", interval(c.pearson)) for s, c in found.items()))
        return found
    own = remembered("r", lambda: correlation(values, counts), "The interval of r is drawn")
    if own is None:
        return None
    held = controlled(values, counts, tokens)
    metrics(("Pearson r", f"{own.pearson.value:.3f}", interval(own.pearson)),
            ("Spearman r", f"{own.spearman.value:.3f}", interval(own.spearman)),
            ("Pearson r, length held", f"{held.value:.3f}", interval(held)))  # fmt: skip
    return {scope: own}


def length_told() -> str:
    """What the correlation of length means in tokens."""
    cut = int((session.columns["n_truncated"] > 0).sum())
    unread = f"{many(cut, 'sample')} {'was' if cut == 1 else 'were'}"
    return (
        f"a sample with the median of {np.median(tokens):,.0f} tokens activates {np.median(counts):,.0f} features. The "
        "paper reports r = 0.92. "
        + (f"Tokens and features are those that the model read: {unread} not read whole." if cut else "")
    )


def show_by_theta() -> list[ThetaCorrelation] | None:
    """r against θ."""
    table = session.default_theta(now.spec.scope, now.spec.lens)[1]
    levels = [row.quantile for row in table], [row.theta for row in table]
    raw = session.raw_matrix(now.spec.scope, now.spec.lens)
    key = ("r by theta", column, now.spec.scope)
    rows = later(session, key, lambda: by_theta(raw, values, *levels), "r is computed at every θ")
    if rows is None:
        return None
    draw(figures.theta_figure(rows, now.spec.theta), "longest-theta", 400)
    known = [row.pearson for row in rows if np.isfinite(row.pearson)]
    if known:
        st.caption(f"Whatever θ is chosen, Pearson's r lies between {min(known):.2f} and {max(known):.2f}.")
    return rows


def show_table(found: dict[str, Correlation], rows: list[ThetaCorrelation]) -> None:
    """The figures as tables, once someone looks."""
    more = st.expander("Table: r by scope and by θ", key="r-table", on_change="rerun")
    if more.open:
        one, two = more.columns(2, gap="large")
        scopes = [
            {"features of": s, "Pearson r": str(c.pearson), "Spearman r": str(c.spearman)} for s, c in found.items()
        ]
        one.dataframe(pd.DataFrame(scopes), hide_index=True)
        two.dataframe(pd.DataFrame([vars(row) for row in rows]).round(3), hide_index=True, height=240)


def axis() -> str:
    """What the column is called on an axis."""
    return f"tokens ({now.spec.scope})" if column == LENGTH else column


def interval(r: Interval) -> str:
    """The 95 % interval in a few characters."""
    return f"95 %: {r.low:.3f} to {r.high:.3f}" if np.isfinite(r.low) else "does not vary"


# --- what it consists of


def show_decomposition() -> None:
    """Which features the covariance of the column and the feature count consists of."""
    found = session.remember(("decomposition", column, now.spec.scope, now.spec.theta),
                             lambda: decomposition(now.matrix, values))  # fmt: skip
    st.page_link("pages/differences.py", label="Every feature by its own correlation", icon=":material/difference:",
                 query_params=link(a=f"score:{'tokens' if column == LENGTH else column}"))  # fmt: skip
    if not found.half:
        name = "Length" if column == LENGTH else text.plain(column)
        st.info(f"{name} and the number of active features do not rise together here.", icon=":material/straighten:")
        return
    listed = found.order[: max(found.half, 25)]
    known = later(
        session, "known kinds", lambda: known_kinds(session.store), "The kinds of the features are told apart"
    )
    if known is None:
        return
    kinds = [known.get(f, "topic") for f in listed.tolist()]
    what = "length" if column == LENGTH else column
    account = "accounts" if found.half == 1 else "account"
    findings.lead(f"{found.half:,} of {many(len(found.order), 'feature')} {account} for half of what goes with {what}.")
    left, right = st.columns([2, 3], gap="large")
    with left:
        draw(figures.share_curve(found), "longest-shares", 520)
    with right:
        draw(figures.share_bars(found, kinds, now.label), "longest-bars", 520)
    what = text.plain(what)
    st.caption(
        f"The covariance of {what} and number of features is the sum of each feature's covariance with {what}. "
        f"Half of it is that of {many(found.half, 'feature')}" + told(listed[: found.half], known)
    )
    rows = listed[:LISTED]
    of = "tokens" if column == LENGTH else "mean"
    more = {
        "kind": kinds[:LISTED], "share": 100 * found.share[rows], "in samples": 100 * found.density[rows],
        f"{of} with it": found.with_it[rows], f"{of} without": found.without[rows],
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


def grown() -> list[Growth]:
    """How fast features come, by source; where in its segment each token lies is kept for other θ."""
    places = session.remember("places", lambda: token_places(session.store))
    return growth(session.store, places, now.spec.theta)


def show_growth() -> None:
    """How fast features come with the tokens of a response, by source."""
    found = later(
        session, ("growth", now.spec.theta), grown, "The features of every response are counted token by token"
    )
    if found is None:
        return
    curves = [curve for curve in found if np.isfinite(curve.beta)][:4]
    if not curves:
        st.info("No response is long enough to see features grow.", icon=":material/straighten:")
        return
    first = curves[0]
    findings.lead(findings.of_growth(first.beta))
    draw(figures.growth_figure(curves), "longest-growth", 460)
    st.caption(
        text.plain(
            f"In the {first.samples[0]:,} responses of {first.source} features grow as t^{first.beta:.2f} (Heaps' law, "
            f"r² = {first.r2:.3f}). A feature counts once the token of its largest value is read; the mean is over the "
            "responses that are at least t tokens long."
            + (f" At most {MOST:,} samples are read, evenly spaced." if now.session.store.n_samples > MOST else "")
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
column = pick_column()
values = tokens if column == LENGTH else np.asarray(session.info.scores[column], np.float64)
shows = (show_correlation, show_decomposition, show_growth, lambda: show_sets(now), lambda: show_beyond(now))
sections = SECTIONS if column == LENGTH else SECTIONS[:2]  # the others know length alone
for tab, show in zip(st.tabs(sections, key="section", on_change="rerun", bind="query-params"), shows, strict=False):
    if tab.open:
        with tab:
            show()
