"""One check: what it found, with what can be done with it; the samples with the evidence marked, or its groups."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.studies.health import Check, Finding
from core.studies.health.copies import COPIES
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.address import put
from pages.parts.evidence import check_title, evidence_of
from pages.parts.health_copies import show_copies
from pages.parts.health_run import TESTS
from pages.parts.health_tests import ask_for_tests
from pages.parts.sample_list import statuses
from pages.parts.sample_panel import beside
from pages.parts.text import plain
from pages.parts.view import View, link

SHORT = 28  # characters of what is said of a sample, up to which it is a column of the list


def show_check(now: View, check: Check, found: Mapping[str, Finding]) -> None:
    """What a check found, and the way back to all of them."""
    finding = found.get(check.name)
    with st.container(horizontal=True, vertical_alignment="center", key="health-head"):
        st.button("All checks", icon=":material/arrow_back:", key="health-back", on_click=put,
                  kwargs={"check": None, "row": None, "row-sort": None})  # fmt: skip
        if finding is not None and len(finding.rows):
            st.markdown(plain(figures(now, check, finding)), width="content")
            elsewhere(check.name)
    if check.shortfall:
        st.caption(plain(check.shortfall))
    if check.name == TESTS:
        ask_for_tests(now)
    if finding is None:
        st.info("This check has not been made yet.", icon=":material/hourglass_empty:")
    elif len(finding.rows):
        show_found(now, check, finding)
    elif finding.ran:
        st.success(plain(f"It found nothing. {finding.note}"), icon=":material/check_circle:")
    elif check.name != TESTS:
        st.info(plain(finding.note), icon=":material/info:")


def show_found(now: View, check: Check, finding: Finding) -> None:
    """The samples with what can be done with them."""
    if check.name in COPIES:
        show_copies(now, finding)
        return
    action_bar(now, finding.rows, f"health-{check.name}", check.name, check_title(check.name).lower())
    details = [seen.detail for seen in finding.seen]
    listed = 0 < max(map(len, details)) <= SHORT
    more = {"status": statuses(now, finding.rows), **({"what": details} if listed else {})}
    beside(now, finding.rows, "health", more, evidence=evidence_of(finding, check.masked))


def figures(now: View, check: Check, finding: Finding) -> str:
    """How many samples were found, and how many of them are kept."""
    rows, among = finding.rows, int(np.isin(now.selection.rows, finding.rows).sum())
    groups = f" in {many(len(np.unique(finding.group)), 'group')}" if len(finding.group) else ""
    told = f"{many(len(rows), 'sample')}{groups}, {among:,} of them kept."
    masked = "All but the first letter of each place is masked." if check.masked else ""
    return " ".join(filter(None, (told, finding.note, masked)))


def elsewhere(name: str) -> None:
    """Where else these samples can be looked at."""
    places = (
        ("search", "In Search", ":material/search:", {"find_health": name}),
        ("map", "On the map", ":material/scatter_plot:", {"colour": "group", "of": f"health:{name}"}),
    )
    for page, label, icon, asked in places:
        st.page_link(f"pages/{page}.py", label=label, icon=icon, query_params=link(**asked), width="content")
