"""Differences: what one group of samples has more of than another, or what goes with a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.matrix.postings import having
from core.selection.inputs import TOKEN_COUNTS
from core.session.findings import findings_dated
from core.session.groups import Group, group, rest
from core.session.listed import other_stores
from core.session.search import score_values
from core.studies.differences import Correlations, Differences, correlations, differences, matched_by_length
from core.system.shown import many
from pages.parts.asked import start_over
from pages.parts.feature_decisions import boost
from pages.parts.group_choice import REST, group_choices, group_name
from pages.parts.later import later
from pages.parts.sides import Side, show_sides
from pages.parts.tables import FACES, clickable, feature_link
from pages.parts.text import plain, whole
from pages.parts.view import header, link, metrics

LISTED = 500  # features of the table
SCORE = "score:"
WITH_IT, ALL = "those with it", "all of both groups"  # which samples are listed
LEAD = {
    "topics": "Compare two groups of samples: which topics does one have more of, and which are in one alone?",
    "tokens": "Compare two groups of samples: which features does one have more of, and which are in one alone?",
}


def stores() -> list[str]:
    """Other stores of the cache, each of which is a group to compare with."""
    return [f"store:{key}" for key in other_stores(now.session.store)]


def ask() -> tuple[str, str, bool]:
    """The two groups, and whether the second one is drawn to be as long as the first."""
    left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
    known = [*group_choices(now), *(f"{SCORE}{name}" for name in now.session.info.scores)]
    typed = "Or type one: row numbers such as 1, 2, 3, feature:12, store:KEY."
    start_over("a", known[0])
    start_over("b", REST)
    one = left.selectbox("One group, or a score", known, key="a", bind="query-params", format_func=group_name,
                         accept_new_options=True, help=typed)  # fmt: skip
    if one.startswith(SCORE):
        return one, "", False
    two = middle.selectbox("Against", [REST, *group_choices(now), *stores()], key="b", bind="query-params",
                           format_func=group_name, accept_new_options=True, help=typed)  # fmt: skip
    matched = right.toggle("Of the same length", key="matched", bind="query-params",
                           help="The second group is drawn to have answers as long as the first.")  # fmt: skip
    return one, two, matched


def show_differences(one: str, two: str, matched: bool) -> None:
    """The features of two groups side by side."""
    first = group(now.session, now.spec, now.state, one)
    second = rest(first) if two == REST else group(now.session, now.spec, now.state, two)
    if matched:
        second = matched_by_length(first, second, now.session.info.response_tokens)
    key = ("differences", one, two, matched, repr(now.spec), now.state.version, findings_dated(now.session))
    found = later(now.session, key, lambda: differences(first, second), "The groups are compared")
    if found is None:
        return
    differ = int(found.differs.sum())
    metrics(
        ("Samples of one group", f"{found.n_one:,}", plain(group_name(one))),
        ("Samples of the other", f"{found.n_two:,}", plain(group_name(two))),
        (f"{now.noun.capitalize()}s that differ", f"{differ:,}", f"of {len(found.feature):,}"),
        ("Covers of the other's", f"{found.covers_two:.1%}", f"the other way round {found.covers_one:.1%}"),
    )
    if not differ:
        st.info(f"No {now.noun} differs by more than chance may explain.", icon=":material/equal:")
    chosen = show_table(found)
    feature = chosen if chosen is not None else int(found.feature[0]) if len(found.feature) else None
    if feature is not None:
        show_samples(feature, (first, group_name(one)), (second, group_name(two)))


def show_table(found: Differences) -> int | None:
    """The features that differ by more than chance, the surest first, or all of them; the one that was clicked."""
    everything = not found.differs.any() or st.toggle(
        "Also those that may differ by chance (q above 5 %)", key="unsure", bind="query-params"
    )
    shown = np.flatnonzero(found.differs | everything)[:LISTED]
    features = found.feature[shown].tolist()
    frame = pd.DataFrame(
        {
            now.noun: features,
            FACES[now.spec.lens]: [whole(now.label(f)) for f in features],
            "one group": 100 * found.one[shown] / max(found.n_one, 1),
            "the other": 100 * found.two[shown] / max(found.n_two, 1),
            "log odds": found.log_odds[shown],
            "at least": found.low[shown],
            "at most": found.high[shown],
            "q": found.q[shown],
            "beyond chance": found.differs[shown],
        }
    )
    share = st.column_config.NumberColumn(format="%.1f %%", help="of its samples have it")
    formats = {"one group": share, "the other": share, "log odds": "%+.2f", "at least": "%+.2f", "at most": "%+.2f",
               "q": "%.2g", FACES[now.spec.lens]: st.column_config.TextColumn(width=280)}  # fmt: skip
    chosen = clickable(frame, "differences-table", 380, formats=formats)
    st.caption(
        "Log odds above 0: commoner in the first group; the interval is at 95 %. q: share of false alarms to expect "
        "among the lines down to this one (Benjamini and Hochberg)."
    )
    download(found)
    return features[chosen[0]] if chosen else None


def show_samples(feature: int, *groups: tuple[Group, str]) -> None:
    """The samples of both groups that have a feature, or all of them, side by side and on the map."""
    st.subheader(plain(f"{now.noun.capitalize()} {feature}: {now.label(feature)}"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        feature_link(feature)
        boost(now, [feature], now.spec.lens, f"differences-{feature}")
        which = st.segmented_control("Samples listed", (WITH_IT, ALL), default=WITH_IT, required=True, key="listed",
                                     bind="query-params", label_visibility="collapsed")  # fmt: skip
    sides, with_it = [], which == WITH_IT
    for own, name in groups:
        if own.matrix is now.matrix:
            rows = having(own.matrix, feature, own.rows)[0] if with_it else own.rows
            sides.append(Side(name, own.rows, rows))
        else:
            st.caption(f"{plain(name)}: open that data set to read its samples.")
    show_sides(now, sides, "examples", "The two groups", [feature] if with_it else ())


def download(found: Differences | Correlations) -> None:
    """All lines as a file, as the command writes them."""
    with st.container(horizontal=True):
        for format, kind in (("csv", "text/csv"), ("json", "application/json")):
            st.download_button(f"Download as {format.upper()}", lambda format=format: written(found, format),
                               f"differences.{format}", kind, on_click="ignore", icon=":material/download:",
                               key=f"differences-{format}")  # fmt: skip


def written(found: Differences | Correlations, format: str) -> bytes:
    """Every feature with its name and figures."""
    columns = {name: value for name, value in vars(found).items() if getattr(value, "ndim", 0)}
    names = [whole(now.label(f)) for f in found.feature.tolist()]
    frame = pd.DataFrame({"feature": columns.pop("feature"), "name": names, **columns})
    text = frame.to_csv(index=False) if format == "csv" else frame.to_json(orient="records", indent=1)
    return (text or "").encode()


def show_correlations(column: str) -> None:
    """Which features go with a column of numbers."""
    values, key = score_values(now.session, column), ("correlations", column, repr(now.spec))
    found = later(now.session, key, lambda: correlations(now.matrix, values), f"Every {now.noun} is correlated")
    if found is None:
        return
    if not len(found.feature):
        st.info(f"No {now.noun} goes with it: it is the same number everywhere, or no sample has one.")
        return
    st.write(sentence(found, column))
    features = found.feature[:LISTED].tolist()
    frame = pd.DataFrame({now.noun: features, FACES[now.spec.lens]: [whole(now.label(f)) for f in features],
                          "samples": found.one[:LISTED], "r": found.r[:LISTED], "q": found.q[:LISTED]})  # fmt: skip
    formats = {"r": "%+.3f", "q": "%.2g", FACES[now.spec.lens]: st.column_config.TextColumn(width=320)}
    for i in clickable(frame, "correlations-table", 520, formats=formats):
        with st.container(horizontal=True, vertical_alignment="center"):
            feature_link(features[i])
            boost(now, [features[i]], now.spec.lens, f"correlations-{features[i]}")
    download(found)
    if "tokens" in now.session.store.lenses:
        of = "length" if column in TOKEN_COUNTS else column
        st.page_link("pages/longest.py", label="How it goes with the number of features", query_params=link(column=of),
                     icon=":material/straighten:")  # fmt: skip


def sentence(found: Correlations, column: str) -> str:
    """The finding in one sentence."""
    sure = int((found.q <= 0.05).sum())
    up = found.feature[np.flatnonzero(found.r > 0)[:1]].tolist()
    down = found.feature[np.flatnonzero(found.r < 0)[:1]].tolist()
    told = [f"{way} with “{now.label(f)}”" for way, some in (("most", up), ("least", down)) for f in some]
    return plain(f"{many(sure, now.noun)} of {len(found.feature):,} go with {column}: it is {' and '.join(told)}.")


def show(one: str, two: str, matched: bool) -> None:
    """What was asked for, or why it cannot be shown."""
    try:
        if one.startswith(SCORE):
            show_correlations(one.removeprefix(SCORE))
        else:
            show_differences(one, two, matched)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")


now = header("Differences", LEAD)
show(*ask())
