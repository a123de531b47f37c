"""Health: what is wrong with the data, by check; each finding ends in a decision that can be undone."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError
from core.studies.health import CHECKS
from pages.parts.address import get
from pages.parts.evidence import check_title
from pages.parts.health_check import show_check
from pages.parts.health_list import show_list
from pages.parts.health_run import made
from pages.parts.text import plain
from pages.parts.view import header

LEAD = "What is wrong with the data. Open a check to read what it found, and decide what becomes of it."

check = CHECKS.get(get("check"))
now = header(check_title(check.name), f"{check.sentence} {check.limit}") if check else header("Health", LEAD)
try:
    found = made(now)
    if check:
        show_check(now, check, found)
    else:
        show_list(now, found)
except SaelectError as error:
    st.warning(plain(error), icon=":material/block:")
