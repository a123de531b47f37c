"""All checks at a glance: by family, those that found most first, each with how many samples; a click opens one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.session.languages import told_in_words
from core.session.search import languages_spoken
from core.studies.health import CHECKS, Finding
from core.studies.languages import told_of_coverage, told_of_reading
from core.system.shown import many
from pages.parts.address import put
from pages.parts.evidence import check_title
from pages.parts.later import later
from pages.parts.text import plain
from pages.parts.view import View

FAMILIES = {
    "copies": "Copies",
    "answers": "Answers",
    "language": "Language and encoding",
    "private": "Private or unsafe",
    "tests": "Tests",
}
FILES = Path(__file__).parent
_list = st.components.v2.component(
    "health_list",
    html="<table><thead></thead></table>",
    css=(FILES / "health_list.css").read_text("utf-8"),
    js=(FILES / "health_list.js").read_text("utf-8"),
)


def show_list(now: View, found: Mapping[str, Finding]) -> None:
    """The checks with findings, then those without, folded, and those that lack something.

    As long as some are not made, those with findings alone: the others would say that all is well.
    """
    some = [finding for finding in found.values() if len(finding.rows)]
    if some:
        st.caption(told(now, some))
        draw(now, "findings", families(now, some))
    if len(found) < len(CHECKS):
        return
    show_languages(now)
    if not some:
        st.success("No check has found anything.", icon=":material/check_circle:")
    clean = [finding for finding in found.values() if finding.ran and not len(finding.rows)]
    lacking = [finding for finding in found.values() if not finding.ran]
    for key, title, rest in (("clean", "found nothing", clean), ("lacking", "need something more", lacking)):
        if rest:
            with st.expander(f"{many(len(rest), 'check')} {title}", key=f"health-{key}", on_change="rerun") as fold:
                if fold.open:
                    draw(now, key, families(now, rest))


def show_languages(now: View) -> None:
    """Which languages there are, what is covered in one of them only, and which the model reads badly."""
    st.caption(plain(f"Languages: {told_in_words(languages_spoken(now.session))}."))
    spec, session = now.spec, now.session
    key = ("languages told", spec.lens, spec.scope, spec.theta, len(session.info.scores))
    said = later(session, key, lambda: (told_of_coverage(session, spec), told_of_reading(session)),
                 "What is covered in each language")  # fmt: skip
    covered, badly = said or ("", "")
    if covered:
        st.caption(plain(covered))
    if badly:
        st.warning(plain(badly), icon=":material/translate:")


def told(now: View, some: list[Finding]) -> str:
    """How many samples something was found in."""
    rows = np.unique(np.concatenate([finding.rows for finding in some]))
    kept = int(np.isin(now.selection.rows, rows).sum())
    found = f"Something was found in {many(len(rows), 'sample')}, {kept:,} of them kept."
    return f"{found} A finding is a reason to look, not a verdict."


def families(now: View, found: list[Finding]) -> list[dict[str, Any]]:
    """The findings of each family that has some, the largest first."""
    of = {
        family: sorted((f for f in found if CHECKS[f.check].family == family), key=lambda f: -len(f.rows))
        for family in FAMILIES
    }
    return [
        {"title": FAMILIES[family], "checks": [row(now, finding) for finding in some]}
        for family, some in of.items()
        if some
    ]


def row(now: View, finding: Finding) -> dict[str, Any]:
    """A finding as a line of the list: shares in percent, of all samples and of those kept."""
    check, kept = CHECKS[finding.check], now.selection.rows
    among = int(np.isin(kept, finding.rows).sum())
    return {
        "name": check.name,
        "title": check_title(check.name),
        "told": check.sentence if finding.ran else finding.note,
        "limit": check.limit,
        "shortfall": check.shortfall,
        "samples": len(finding.rows),
        "all": 100 * len(finding.rows) / max(now.session.store.n_samples, 1),
        "kept": 100 * among / max(len(kept), 1),
    }


def draw(now: View, key: str, shown: list[dict[str, Any]]) -> None:
    """The lines; a click opens the check."""
    key = f"health-{key}-list"

    def opened() -> None:
        put(**{"check": st.session_state[key]["open"], "row": None, "row-sort": None})

    _list(key=key, data={"families": shown, "counted": key == "health-findings-list"}, on_open_change=opened)
