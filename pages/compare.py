"""Compare: the methods side by side at one budget, and how stable this one is."""

import numpy as np
import pandas as pd
import streamlit as st

from core.explain.stability import Stability
from core.refine.view import runs_stamp
from core.schema import NOUNS
from core.selection.inputs import TOKEN_COUNTS
from core.selection.registry import METHODS
from core.session.budgets import RANDOM
from core.session.lacking import lacking
from core.session.sample_info import versions
from core.studies.comparison import MethodRow, compare
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.compare_figures import overlap_figure
from pages.parts.figures import draw
from pages.parts.later import later
from pages.parts.runnable import wants_score
from pages.parts.sample_panel import beside
from pages.parts.stability import show_stability
from pages.parts.store_forms import score_form
from pages.parts.tables import columns
from pages.parts.text import plain
from pages.parts.view import header

LISTED = 500  # picks of the table
FORMATS = {
    "of all": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
    "redundancy": st.column_config.NumberColumn(
        format="%.1f %%", help="share of what the picks activate that an earlier pick has"
    ),
    **{f"{noun}s covered": "localized" for noun in NOUNS.values()},
    **{f"tokens per {noun}": "%.1f" for noun in NOUNS.values()},
    "samples": "localized",
    "tokens": "localized",
    "mean quality": "%.3f",
    "budget moves": st.column_config.TextColumn(
        help="go on: a smaller budget is the first part of a larger one; rerun: each budget is drawn anew"
    ),
}


def pick_methods() -> tuple[list[str], str]:
    """The methods to compare, at first those that are quick, and the score that counts as quality, or nothing."""
    scores = [name for name in session.info.scores if name not in TOKEN_COUNTS]
    quick = [
        name
        for name, m in METHODS.items()
        if m.quick
        and "reference" not in m.needs
        and not lacking(session, name)
        and session.store.n_samples <= m.quick_to
    ]
    looked_at = [] if now.spec.method in quick else [now.spec.method]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    names = left.multiselect("Methods", list(METHODS), quick + looked_at, key="compared")
    score = right.selectbox("Quality is", scores or ["—"], key="compared-score", disabled=not scores)
    return names, score if scores else ""


def compared(names: list[str], score: str) -> tuple[MethodRow, ...]:
    """The rows of the methods, none until all have run, which the page says; what ran before is remembered."""
    if not names:
        return ()
    budget = k if now.spec.unit == "samples" else now.spec.budget
    files = (*versions(now.spec.options.values()), *runs_stamp(session.store.key))
    key = ("compared", repr(now.spec), budget, tuple(names), score, *files)
    memory, running = session.memory, (*key, "running")

    def told() -> str:
        name = memory.latest(running) or names[0]
        return plain(f"Running {name}, {names.index(name) + 1} of {many(len(names), 'method')}")

    def ran() -> tuple[MethodRow, ...]:
        share = budget / session.total(now.spec.unit)
        return compare(session, now.spec, [share], names, score, on_method=lambda name: memory.put(running, name)).rows

    return later(session, key, ran, told) or ()


def show_table(ran: list[MethodRow], score: str) -> None:
    """What each method covers and costs."""
    table = {
        "method": [RANDOM if r.method == "random" else r.method for r in ran],
        "samples": [r.samples for r in ran],
        f"{now.noun}s covered": [round(r.covered) for r in ran],
        "of all": [100 * r.covered / max(session.coverable(now.spec), 1) for r in ran],
        "tokens": [round(r.tokens) for r in ran],
        f"tokens per {now.noun}": [r.tokens / max(r.covered, 1) for r in ran],
        "redundancy": [100 * r.redundancy for r in ran],
        **({"mean quality": [r.quality for r in ran]} if score else {}),
        "budget moves": ["go on" if METHODS[r.method].nested else "rerun" for r in ran],
    }
    st.dataframe(pd.DataFrame(table), hide_index=True, key="compare-table", column_config=columns(FORMATS))
    best, worst = ran[0], ran[-1]
    spent = many(best.budget, now.spec.unit.removesuffix("s"))
    st.caption(
        f"With {spent} {best.method} covers {many(round(best.covered), now.noun)}"
        + (f", {worst.method} {worst.covered:,.0f}." if len(ran) > 1 else ".")
    )


def show_picks(found: Stability) -> None:
    """The picks, those that are easily lost first."""
    st.subheader("The picks, the least stable first", anchor=False)
    told = f"The first {LISTED} of {len(found.of_pick):,} picks." if len(found.of_pick) > LISTED else ""
    st.caption(told or f"{many(len(found.of_pick), 'pick')}.")
    at = np.argsort(found.of_pick, kind="stable")[:LISTED]
    more = {"pick": at + 1, "stays in": 100 * found.of_pick[at]}
    action_bar(now, now.selection.rows[at], "compare", "least stable picks")
    beside(now, now.selection.rows[at], "compare", more, {"stays in": "%.0f %%"})


now = header("Compare", "What each method covers, costs and repeats with the same budget, vetoes, pins and bans.")
session, k = now.session, len(now.selection.rows)
names, score = pick_methods()
rows = compared(names, score)
ran = sorted((r for r in rows if not r.why), key=lambda r: -r.covered)
if ran:
    show_table(ran, score)
if not score and not wants_score(session):  # then it stands below the bar
    score_form(session, expanded=False)
for row in rows:
    if row.why:
        st.caption(plain(f"{row.method} could not run: {row.why}"))
left, right = st.columns(2, gap="large")
with left:
    if len(ran) > 1:
        st.subheader("Picks in common", anchor=False)
        draw(overlap_figure(ran), "compare-overlap", 120 + 42 * len(ran))
with right:
    st.subheader(f"How stable are the picks of {now.spec.method}?", anchor=False)
    found = show_stability(now, "compare-stability")
if found is not None:
    show_picks(found)
