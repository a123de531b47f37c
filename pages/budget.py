"""Budget: how coverage grows with the number of samples, and where the rest stops being worth it."""

import numpy as np
import streamlit as st

from core.explain.advice import advice
from core.explain.certificates import certificate
from core.explain.gains import gain_format
from core.selection.run import is_nested
from core.session.budgets import RANDOM, random_coverage
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.budget_control import set_budget
from pages.parts.budget_figure import band_of, budget_figure, curves, needed_at_random, places
from pages.parts.figures import draw
from pages.parts.later import later_if_large
from pages.parts.refinement_figures import k_figure
from pages.parts.runnable import wants_target
from pages.parts.sample_panel import beside
from pages.parts.stability import show_stability
from pages.parts.steer import show_steer
from pages.parts.steer_quotas import warn_short
from pages.parts.terms import term
from pages.parts.text import plain
from pages.parts.view import header, metrics

LISTED = 500  # picks of the table


def show_figures() -> None:
    """The selection's figures at a glance."""
    sure = session.remember(("certificate", repr(now.spec)),
                            lambda: certificate(now.matrix, now.selection, session.info)).share  # fmt: skip
    spent = session.info.tokens[now.selection.rows]
    metrics(
        ("Picks", f"{k:,}", f"{k / session.store.n_samples:.1%} of the data"),
        (f"{now.noun.capitalize()}s covered", f"{covered:,}", f"{covered / max(everything, 1):.1%} of {everything:,}"),
        ("Tokens", f"{spent.sum():,}", f"{spent.mean():,.0f} per sample on average"),
        ("Certificate", f"≥ {sure:.1%}", "of the best possible coverage"),
    )


def show_curve() -> None:
    """Coverage against the budget; a click on it sets the budget."""
    key = ("curves", repr(now.spec))
    found = later_if_large(session, key, lambda: curves(now), "The methods order all samples")
    if not found:
        return
    own = found[now.spec.method]
    advised = advice(own.spent, own.covered, everything)
    st.write(plain(advised.told(now.noun, now.spec.unit)))
    log = st.toggle("Logarithmic axis", key="log", bind="query-params")
    at, needed = places(now, log), needed_at_random(now)
    band = band_of(now, at) if needed is not None else None
    figure = budget_figure(now, found, advised, log, at, band)
    draw(figure, "budget-curve", 430, on_select=from_curve, selection_mode="points")
    if needed is not None:
        st.caption(told_of_random(needed))
    if not is_nested(now.spec):
        ends = (
            " The curves end at this budget: a click to the right of them sets a larger one." if now.spec.quotas else ""
        )
        st.caption(
            f"{now.spec.method} in {now.spec.unit} selects anew for each budget: the picks of a smaller one need not "
            f"be among those of a larger one.{ends}"
        )


def from_curve() -> None:
    """Take the budget under the click."""
    points = st.session_state["budget-curve"]["selection"]["points"]
    if points:
        set_budget(now.spec.unit, round(points[-1]["x"]))


def told_of_random(needed: int) -> str:
    """What random draws need to cover as much, and what they cover with as much."""
    unit = now.spec.unit.removesuffix("s")
    spent = many(k if unit == "sample" else now.spec.budget, unit)
    middle = random_coverage(session, now.selection)[1]
    told = f"{RANDOM.capitalize()} needs about {many(needed, unit)} to cover as much"
    return f"{told}; with {spent} it covers {middle:,.0f}."


def show_clusters() -> None:
    """How a method that clusters chose their number."""
    found = now.selection.details.get("clusters")
    if found is not None and found.curve:
        draw(k_figure(found.curve, found.k), "budget-clusters", 260)
        st.caption(f"{found.k} clusters were chosen by {now.spec.options['k']} among {len(found.curve)} numbers.")


def show_picks() -> None:
    """The last picks, in order."""
    st.subheader(f"{many(k, 'pick')}, in order", anchor=False)
    action_bar(now, now.selection.rows, "budget", "picks", group="kept")
    shown = slice(max(0, k - LISTED), k)
    if k > LISTED:
        st.caption(f"The last {LISTED} of {k:,}.")
    more = {"pick": np.arange(1, k + 1)[shown], "gain": now.selection.gains[shown]}
    formats = {"gain": gain_format(now.selection)}
    beside(now, now.selection.rows[shown], "budget", more, formats)


now = header("Budget", "Set the budget above, or by a click on the curve: the picks and the figures follow.")
session, k = now.session, len(now.selection.rows)
covered, everything = int(now.selection.covered_after[-1]), session.coverable(now.spec)
first = wants_target()  # what stands below is not what was asked for
if first:
    show_steer(now)
show_figures()
warn_short(now, now.selection)
term("budget", "coverage", "gain", "certificate")
left, right = st.columns([3, 1], gap="medium")
with left:
    show_curve()
with right:
    st.subheader("Which picks stay?", anchor=False)
    show_stability(now, "budget-stability")
show_clusters()
if not first:
    show_steer(now)
show_picks()
