"""The largest findings, each with the way to its samples: what the Overview leads with."""

from __future__ import annotations

import streamlit as st

from core.studies.health import CHECKS
from core.studies.health.kept import largest, unmade
from core.system.shown import many
from pages.parts.evidence import check_title
from pages.parts.health_run import kept, quick
from pages.parts.view import View, link

SHOWN = 3


def show_first(now: View) -> None:
    """The three largest findings and the way to all; before anything is made, the way to where that begins."""
    missing = unmade(now.session.store)
    found = kept(now, missing)
    n = now.session.store.n_samples
    for finding in largest(found, SHOWN):
        check = CHECKS[finding.check]
        told = f"{many(len(finding.rows), 'sample')} ({len(finding.rows) / n:.1%}): {check_title(check.name).lower()}"
        st.page_link("pages/health.py", label=told, icon=":material/error:", query_params=link(check=check.name))
    label = "Check the data" if missing else "All checks"
    if missing and not quick(now):
        label += ": duplicates, cut answers, languages, personal data"
    st.page_link("pages/health.py", label=label, icon=":material/health_and_safety:", query_params=link())
