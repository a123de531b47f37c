"""Groups of copies: which one of each stays, by a rule or by hand, and the ban of the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.schema import Sample
from core.selection.inputs import TOKEN_COUNTS
from core.session.preview import banned
from core.session.search import score_values
from core.studies.health import Finding
from core.studies.health.copies import COPIES, left_of
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.changes import ask_first
from pages.parts.choices import choose
from pages.parts.evidence import check_title, compared_with
from pages.parts.sample_list import statuses
from pages.parts.sample_panel import beside
from pages.parts.text import plain, whole
from pages.parts.view import View

RULES = {"longest": "the longest", "first": "the first", "best": "the best by a score"}
BY_HAND = "health-stays"  # in the session: rows that a person chose to stay, by check


def show_copies(now: View, finding: Finding) -> None:
    """The rule, the ban, and the groups with the chosen sample beside them."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="health-stays-bar"):
        rule, value = ask_rule(now)
        wanted = [*by_hand(finding), *now.state.pins]
        left = left_of(finding, rule, value, wanted, now.state.bans)
        offer_ban(now, finding, left)
        said = st.container(width="content")
    action_bar(now, finding.rows, f"health-{finding.check}", finding.check, check_title(finding.check).lower())
    rows, group = in_order(finding)
    of = {row: stays for stays, *copies in left for row in copies}
    more = {"group": group, "stays": ~np.isin(rows, [*of, *now.state.bans]), "status": statuses(now, rows)}
    of |= {row: stays for row, (stays, _) in now.state.replaced.items()}
    row = beside(now, rows, "health", more, evidence=compared_with(lambda sample: other(now, of, sample)))
    with said:
        say_row(now, finding, row, of, left)


def ask_rule(now: View) -> tuple[str, np.ndarray]:
    """Which one of a group stays, and the numbers that the rule goes by: float64 (N,)."""
    scores = [name for name in now.session.info.scores if name not in TOKEN_COUNTS]
    rules = {name: title for name, title in RULES.items() if name != "best" or scores}
    with st.container(width=220):
        rule = choose("Of each group stays", "stays", rules, default="longest")
    if rule != "best":
        return rule, np.asarray(now.session.info.tokens, np.float64)
    with st.container(width=180):
        return rule, score_values(now.session, choose("Score", "stays_by", {name: whole(name) for name in scores}))


def by_hand(finding: Finding) -> list[int]:
    """The rows that a person chose to stay."""
    return st.session_state.setdefault(BY_HAND, {}).setdefault(finding.check, [])


def offer_ban(now: View, finding: Finding, left: list[list[int]]) -> None:
    """A button that bans the others, after a look at what that changes."""
    rows = [row for _, *copies in left for row in copies]
    if not rows:
        st.markdown(":material/check: Of each group one is left.", width="content")
        return
    title = f"Ban the {many(len(rows), 'other')}"
    if st.button(title, icon=":material/do_not_disturb_on:", type="primary", key="health-ban-copies"):
        ask_first(now, title, banned(now.spec, rows), lambda: now.workspace.replace(left, COPIES[finding.check]))


def in_order(finding: Finding) -> tuple[np.ndarray, np.ndarray]:
    """The rows of a finding group by group, the largest first: int64 (K,); the number of their group."""
    groups = sorted(finding.groups(), key=len, reverse=True)
    return np.concatenate(groups), np.repeat(np.arange(len(groups)) + 1, [len(rows) for rows in groups])


def other(now: View, of: dict[int, int], sample: Sample) -> Sample | None:
    """The sample that stays in the place of another one; None for one that stays, or is settled."""
    return now.session.store.samples([of[sample.row]])[0] if sample.row in of else None


def say_row(now: View, finding: Finding, row: int, of: dict[int, int], left: Sequence[Sequence[int]]) -> None:
    """What becomes of the chosen sample, and the button that lets it stay instead."""
    detail = finding.seen[int(np.searchsorted(finding.rows, row))].detail
    text = f"{detail[:1].upper()}{detail[1:]}. " if detail else ""
    text += f"Row {of[row]:,} stays: what this one has else is marked." if row in of else f"Row {row:,} stays."
    group = next(({stays, *copies} for stays, *copies in left if row in copies), set[int]())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(text), width="content")
        if group and st.button(f"Let row {row:,} stay instead", type="tertiary", key="health-stay",
                               icon=":material/swap_horiz:"):  # fmt: skip
            st.session_state[BY_HAND][finding.check] = [*(r for r in by_hand(finding) if r not in group), row]
            st.rerun()
