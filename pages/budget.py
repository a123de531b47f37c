"""Budget: how coverage grows with the number of samples, and where the rest stops being worth it."""

import numpy as np
import streamlit as st

from core.explain.certificates import certificate
from core.explain.gains import gain_format
from core.explain.summary import samples_to_cover
from core.selection.run import is_nested
from core.system.shown import many
from pages.parts.coverage_figures import budget_figure
from pages.parts.figures import draw
from pages.parts.refinement_figures import k_figure
from pages.parts.sample_panel import beside
from pages.parts.view import header, metrics

LISTED = 500  # picks of the table


def show_figures() -> None:
    """The selection's figures at a glance."""
    sure = f"≥ {certificate(now.matrix, now.selection).share:.1%}" if now.spec.unit == "samples" else "—"
    everything, spent = session.coverable(now.spec), session.info.tokens[now.selection.rows]
    metrics(
        ("Picks", f"{k:,}", f"{k / session.store.n_samples:.1%} of the data"),
        (f"{now.noun.capitalize()}s covered", f"{covered:,}", f"{covered / max(everything, 1):.1%} of {everything:,}"),
        ("Tokens", f"{spent.sum():,}", f"mean {spent.mean():,.0f} a sample"),
        ("Certificate", sure, "of the best possible coverage"),
    )


def show_curve() -> None:
    """Coverage against the number of samples."""
    draw(budget_figure(now), "budget-curve", 430)
    middle = session.random_band(now.spec)[1]
    st.caption(
        f"{now.spec.method} covers {many(covered, now.noun)} with {many(k, 'sample')}; a random draw needs about "
        f"{samples_to_cover(middle, covered):,} for as many, and its {k:,} cover {middle[k - 1]:,.0f}."
    )
    if not is_nested(now.spec):
        st.caption(
            f"{now.spec.method} in {now.spec.unit} selects anew for each budget: the picks of a smaller one need not "
            "be among those of a larger one."
        )


def show_clusters() -> None:
    """How a method that clusters chose their number."""
    found = now.selection.details.get("clusters")
    if found is not None and found.curve:
        draw(k_figure(found.curve, found.k), "budget-clusters", 260)
        st.caption(f"{found.k} clusters were chosen by {now.spec.options['k']} among {len(found.curve)} numbers.")


def show_picks() -> None:
    """The last picks, in order."""
    st.subheader("The picks, in order", anchor=False)
    shown = slice(max(0, k - LISTED), k)
    if k > LISTED:
        st.caption(f"The last {LISTED} of {k:,}.")
    more = {"pick": np.arange(1, k + 1)[shown], "gain": now.selection.gains[shown]}
    formats = {"gain": gain_format(now.selection)}
    beside(now, now.selection.rows[shown], "budget", more, formats)


now = header("Budget", "Move the budget in the bar above: the picks, the curve and the figures follow.")
session, k = now.session, len(now.selection.rows)
covered = int(now.selection.covered_after[-1])
show_figures()
show_curve()
show_clusters()
show_picks()
