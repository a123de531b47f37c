"""Quotas on the page Budget: what there is of each group, and the bounds that a person sets on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core.errors import SaelectError
from core.schema import Selection, SelectionSpec
from core.selection.quotas import ABOVE, EVERY, MARKED, OVERLAPPING, TOLD_SHARES, Quota, parsed, threshold
from core.session.decided import decided
from core.session.labels import label_columns
from core.session.preview import quoted
from core.session.steering import Share, groupings, groups, shares, told_short
from core.system.shown import many
from core.topics.language import language_name
from pages.parts.address import get, put
from pages.parts.changes import ask_first
from pages.parts.choices import choose
from pages.parts.clusters import apart, cards_of
from pages.parts.figures import draw
from pages.parts.later import later
from pages.parts.steer_figure import shares_figure
from pages.parts.text import cut, plain, whole
from pages.parts.view import View

NAMED = {ABOVE: "score from … on", "topic": "strongest topic"}
SIDES = {"<=": "At most", ">=": "At least"}
UNITS = {"percent": "%", "samples": "samples", "tokens": "tokens"}
GROUP_ABOVE = "above"  # in the address: a score column and the value that a group begins with
LONGEST = 60  # characters of a group's name


def show_quotas(now: View) -> None:
    """The form, the quotas that stand, and beside them what there is of each group."""
    store = now.session.store
    columns = later(now.session, "label columns", lambda: label_columns(store), "The columns of the data are read")
    if columns is None:  # they are looked at in every record, which takes a second for 50,000
        return
    asked = decided(now.spec, now.state)
    left, right = st.columns(2, gap="large")
    with left:
        one, two = st.columns([1, 2], vertical_alignment="bottom")
        with one:
            by = pick_grouping(now)
        named = titles(now, by)
        with two:
            group = pick_score(now) if by == ABOVE else pick_group(by, named)
        set_quota(now, asked, by, group)
        give_out(now, asked, by)
        list_quotas(now, asked)
    with right:
        show_shares(now, asked, by, named)


def pick_grouping(now: View) -> str:
    """What tells the groups apart, which the address keeps."""
    known = groupings(now.session, now.state)
    return choose("Groups by", "steer-by", {by: NAMED.get(by, by) for by in known}, default=known[0])


def titles(now: View, by: str) -> dict[str, str]:
    """What the page calls each group of a grouping, the largest first."""
    found = groups(now.session, now.state, by)
    named: Mapping[str, str] = {}
    if by == "topic":
        names = now.names("topics")
        named = {group: names.get(int(group), "") for group in found if group.isdecimal()}
    if by == "language":
        return {group: language_name(group) for group in found}
    if by == "cluster":
        clusters = now.session.clusters("residual", len(found))
        cards = cards_of(now, clusters, now.selection.rows, "residual", len(found))
        named = {str(card.cluster): name for card, name in zip(cards, apart(cards), strict=True)}
    return {group: cut(f"{group} {named.get(group, '')}".strip(), LONGEST) for group in found}


# --- a quota more


def set_quota(now: View, asked: SelectionSpec, by: str, group: str) -> None:
    """A bound on one group, or on each: its effect is shown before it stands."""
    with st.container(horizontal=True, vertical_alignment="center"):
        side = st.segmented_control("Bound", list(SIDES), default="<=", required=True, key="quota-side",
                                    format_func=SIDES.__getitem__, label_visibility="collapsed")  # fmt: skip
        unit = st.session_state.get("quota-unit") or "percent"  # without bounds: the browser would keep what passes one
        amount = st.number_input("Amount", value=10.0, key=f"quota-amount-{unit}", format="%g",
                                 label_visibility="collapsed", width=110)  # fmt: skip
        unit = st.segmented_control("In", list(UNITS), default="percent", required=True, key="quota-unit",
                                    format_func=UNITS.__getitem__, label_visibility="collapsed")  # fmt: skip
        if st.button("See what changes", icon=":material/visibility:", key="quota-see", disabled=not group):
            look(now, asked, Quota(by, group, side, amount, unit))


def pick_group(by: str, named: Mapping[str, str]) -> str:
    """One of the groups, or each of them."""
    known = {EVERY: f"every {by}"} | dict(named)
    return st.selectbox("Group", list(known), index=min(1, len(named)), key=f"quota-group-{by}",
                        format_func=lambda group: whole(known[group]))  # fmt: skip


def pick_score(now: View) -> str:
    """A score column and the value from which on a sample is of the group; the address keeps them, such as ifd@0.5."""
    left, right = st.columns(2, vertical_alignment="bottom")
    columns = list(now.session.info.scores)
    asked, value = from_address(columns)
    column = left.selectbox("Score", columns, columns.index(asked), key="quota-score", format_func=whole)
    usual = middle(now.session.info.scores[column]) if value is None or column != asked else value
    least = right.number_input("From", value=usual, format="%g", key=f"quota-from-{column}")
    put(**{GROUP_ABOVE: f"{column}@{least:g}"})
    return f"{column}@{least:g}"


def from_address(columns: Sequence[str]) -> tuple[str, float | None]:
    """The column and the value that the address names; else the first one, and None."""
    try:
        column, value = threshold(get(GROUP_ABOVE))
    except SaelectError:
        return columns[0], None
    return (column, value) if column in columns else (columns[0], None)


def middle(values: np.ndarray) -> float:
    """The median of a score, rounded so that it reads well: whole from 10 on, else to hundredths or to one digit."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    value = float(np.median(known)) if len(known) else 0.0
    return float(round(value)) if abs(value) >= 10 else round(value, 2) or float(f"{value:.1g}")


def give_out(now: View, asked: SelectionSpec, by: str) -> None:
    """The presets: the whole budget by the groups."""
    if by in OVERLAPPING:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Or share out the budget:", width="content")
        for share, told in TOLD_SHARES.items():
            if st.button(told.capitalize(), key=f"quota-{share}"):
                look(now, asked, Quota(by, EVERY, "=", 0.0, share))


def look(now: View, asked: SelectionSpec, quota: Quota) -> None:
    """What a quota would change; it is taken or cancelled there."""
    if quota.amount < 0:
        st.warning("A bound must be a number of at least 0.", icon=":material/block:")
        return
    try:
        text = str(parsed(str(quota)))
        then = quoted(asked, now.state, text)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    ask_first(now, capital(told(now, quota)), then, lambda: now.workspace.quota(text),
              lambda _: warn_short(now, now.session.selection(then)))  # fmt: skip


def warn_short(now: View, kept: Selection) -> None:
    """Say it where quotas leave a part of the budget unused."""
    if short := told_short(now.session, kept):
        st.warning(short, icon=":material/production_quantity_limits:")


# --- those that stand


def list_quotas(now: View, asked: SelectionSpec) -> None:
    """Each quota with what is taken of its group; it is edited and removed there."""
    if not now.state.quotas:
        st.caption("No quotas yet. The bars show what is kept of each group without any.")
        return
    st.markdown("**Quotas that stand**")
    if now.spec.quotas != asked.quotas:
        st.warning(f"{plain(why_not(now, asked))} The selection is made without quotas: change or remove one.",
                   icon=":material/block:")  # fmt: skip
    taken: dict[str, list[Share]] = {}
    for text in now.state.quotas:
        quota = parsed(text)
        if quota.by not in taken:
            taken[quota.by] = shares_of(now, asked, quota.by)
        row = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"quota-row-{text}")
        row.markdown(f"{plain(capital(told(now, quota)))} :gray[· {plain(taken_told(quota, taken[quota.by]))}]",
                     width="stretch")  # fmt: skip
        if quota.sign != "=":
            edit(row, now, asked, quota)
        if row.button("", icon=":material/close:", type="tertiary", key=f"quota-remove-{text}", help="Remove"):
            now.workspace.lift_quotas([text])
            st.rerun()


def why_not(now: View, asked: SelectionSpec) -> str:
    """Why the quotas do not hold."""
    try:
        now.session.selection(asked)
    except SaelectError as error:
        return str(error)
    return ""


def edit(row: st.delta_generator.DeltaGenerator, now: View, asked: SelectionSpec, quota: Quota) -> None:
    """Another amount."""
    with row.popover("", icon=":material/edit:", type="tertiary", help="Change"):
        label = f"{SIDES[quota.sign]}, {UNITS[quota.unit]}"
        amount = st.number_input(label, value=quota.amount, key=f"quota-edit-{quota}", format="%g")
        if st.button("See what changes", key=f"quota-change-{quota}", disabled=amount == quota.amount):
            look(now, asked, Quota(quota.by, quota.group, quota.sign, amount, quota.unit))


def told(now: View, quota: Quota) -> str:
    """A quota in words, its group called as the page does."""
    known = {} if quota.by in (*OVERLAPPING, "language") or quota.group == EVERY else titles(now, quota.by)
    return quota.told(known.get(quota.group, ""))


def taken_told(quota: Quota, found: Sequence[Share]) -> str:
    """What is kept of the groups of a quota."""
    own = [share for share in found if quota.group in (EVERY, share.group)]
    if len(own) == 1:
        return f"{own[0].kept:,} kept, {own[0].of_budget:.0%}"
    if not own:
        return "not in the data"
    low, high = min(share.kept for share in own), max(share.kept for share in own)
    return f"{low:,} to {high:,} kept of each of {len(own):,}"


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


# --- what there is of each group


def shares_of(now: View, asked: SelectionSpec, by: str) -> list[Share]:
    """What of each group is in the data and kept; without bounds where the quotas contradict each other."""
    for spec in (asked, now.spec):
        try:
            return shares(now.session, now.state, spec, now.selection, by)
        except SaelectError:
            continue
    return []


def show_shares(now: View, asked: SelectionSpec, by: str, named: Mapping[str, str]) -> None:
    """The bars of a grouping."""
    found = shares_of(now, asked, by)
    if not found:
        st.caption("Choose a score and a value: what lies from there on shows here once it has a quota.")
        return
    figure, left_out = shares_figure(found, named, now.spec.unit)
    draw(figure, "steer-shares", figure.layout.height)
    if left_out:
        st.caption(f"{many(left_out, 'smaller group')} without a quota {'is' if left_out == 1 else 'are'} not shown.")
    if by == "topic":
        st.caption("A sample counts for its strongest topic alone, whatever others it has.")
    if by in MARKED:
        st.caption("A sample may be of several: the shares need not come to 100 %.")
