"""Coverage: which topics or features the selection reaches, which it misses, and which hang on one sample."""

import numpy as np
import streamlit as st

from core.explain.summary import coverage_summary
from core.system.shown import many
from pages.parts import clusters
from pages.parts.coverage_figures import density_figure
from pages.parts.figures import draw
from pages.parts.tables import FACES, feature_link, meaning_table
from pages.parts.terms import term
from pages.parts.view import header, metrics

LISTED = 300  # features of a table
FORMATS = {name: st.column_config.TextColumn(width=240) for name in FACES.values()}  # room for the counts beside it
LEADS = {
    "topics": "A topic is covered when at least one kept sample is about it.",
    "tokens": "A feature is covered when at least one kept sample activates it.",
}


def table(features: np.ndarray, key: str) -> None:
    """Some features, those of wording and format folded; a click leads to the feature's card."""

    def counts(some: list[int]) -> dict[str, np.ndarray]:
        return {"samples": found.samples[some], "kept": found.picks[some]}

    for feature in meaning_table(now, features, key, counts, most=LISTED, height=330, formats=FORMATS):
        feature_link(feature)


def show_tables() -> None:
    """The missed features beside those that most picks have."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Missed, most common first", anchor=False)
        missed = np.flatnonzero(found.missed)
        table(missed[np.argsort(-found.samples[missed], kind="stable")], "coverage-missed")
    with right:
        st.subheader("Covered most often", anchor=False)
        covered = np.flatnonzero(found.covered)
        table(covered[np.argsort(-found.picks[covered], kind="stable")], "coverage-common")


def show_reference(weight: np.ndarray) -> None:
    """What reference-guided steers to; weight float64 (F,): how much more the reference has of a feature."""
    wanted = np.flatnonzero(weight > 0)
    reached = found.picks[wanted] > 0
    st.subheader("What the reference has more of than the data", anchor=False)
    st.write(
        f"The selection reaches {reached.sum():,} of the {many(len(wanted), now.noun)} that the reference has more of, "
        f"{weight[wanted[reached]].sum() / weight.sum():.1%} of the difference."
    )
    table(wanted[np.argsort(-weight[wanted], kind="stable")], "coverage-reference")


now = header("Coverage", LEADS)
found = coverage_summary(now.matrix, now.selection)
n_missed = int(found.missed.sum())
metrics(
    ("Covered", f"{found.covered.sum():,}", f"{found.share:.1%} of {found.coverable:,}"),
    ("Missed", f"{n_missed:,}", "in the data, but in no kept sample"),
    ("In one kept sample", f"{found.once.sum():,}", "lost if that sample goes"),
    ("Never active", f"{found.inactive.sum():,}", "at this θ"),
)
term("coverage")
draw(density_figure(found, now.matrix.n_samples, now.noun), "coverage-density", 340)
st.caption(
    f"The selection misses {many(n_missed, now.noun)}; half of them are active in at most "
    f"{many(round(found.samples_of_missed), 'sample')}."
    if n_missed
    else f"No {now.noun} is missed."
)
show_tables()
clusters.section(now)
if now.selection.weight is not None:
    show_reference(now.selection.weight)
