"""Selections: keep the present one under a name, load another, and see what two of them have and lack."""

from __future__ import annotations

import streamlit as st

from core.errors import SaelectError
from core.matrix.postings import samples_per_feature
from core.session.groups import group
from core.studies.saved_selections import Pair, pair
from core.system.shown import many
from pages.parts import saved
from pages.parts.changes import arrow
from pages.parts.choices import choose
from pages.parts.sides import Side, show_sides
from pages.parts.tables import meaning_table
from pages.parts.text import plain, whole
from pages.parts.view import header, link, metrics

KEPT, SAVED = "kept", "selection:"  # the present selection and the saved ones as groups
LEAD = "Keep the present selection under a name, load an earlier one, or compare any two."


def called(name: str) -> str:
    """A selection, set or tag as the choice shows it."""
    kind, _, of = name.partition(":")
    return "the present one" if name == KEPT else whole(of if kind == "selection" else f"{kind}: {of}")


def ask() -> tuple[str, str]:
    """The two to compare: at first the one saved last with the present one. A set or a tag can be one of them too."""
    names = [*(f"{SAVED}{name}" for name in reversed(now.state.selections)), KEPT]
    names += [f"{kind}:{name}" for kind, of in (("set", now.state.sets), ("tag", now.state.tags)) for name in of]
    left, right = st.columns(2)
    with left:
        one = choose("Compare", "first", {name: called(name) for name in names})
    with right:
        two = choose("With", "second", {name: called(name) for name in dict.fromkeys((KEPT, *names))})
    return one, two


def compare(one: str, two: str) -> None:
    """What changes from the first to the second."""
    try:
        sides = [group(now.session, now.spec, now.state, name) for name in (one, two)]
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    found = pair(now.matrix, sides[0].rows, sides[1].rows, now.session.info.tokens)
    metrics(
        ("Samples", arrow(found.sizes), f"{len(found.both):,} in both"),
        ("Tokens", arrow(found.tokens), f"{found.tokens[1] - found.tokens[0]:+,}"),
        (f"{now.noun.capitalize()}s covered", arrow(found.covered),
         f"{len(found.gained):,} gained, {len(found.lost):,} lost"),
    )  # fmt: skip
    if not len(found.only_one) + len(found.only_two):
        st.info("They keep the same samples.", icon=":material/equal:")
        return
    show_features(found)
    show_samples(found, one, two)


def show_features(found: Pair) -> None:
    """The features gained and lost, by name; where there are none of a kind, the other has its room."""
    n_samples = samples_per_feature(now.matrix)
    parts = {title: some for title, some in (("Lost", found.lost), ("Gained", found.gained)) if len(some)}
    for column, (title, features) in zip(st.columns(max(len(parts), 1), gap="large"), parts.items(), strict=False):
        with column:
            st.subheader(f"{title}: {many(len(features), now.noun)}", anchor=False)
            meaning_table(now, features, f"pair-{title}", lambda some: {"samples": n_samples[some]}, height=260)


def show_samples(found: Pair, one: str, two: str) -> None:
    """The samples that only one of them has, side by side and on the map, and the way to what they differ in."""
    st.page_link("pages/differences.py", label=f"Which {now.noun}s they differ in", icon=":material/difference:",
                 query_params=link(a=one, b=two))  # fmt: skip
    only = zip((one, two), (found.only_one, found.only_two), strict=True)
    show_sides(now, [Side(f"only in {called(name)}", rows, rows) for name, rows in only], "only", "Compared selections")


now = header("Selections", LEAD)
saved.save_form(now)
saved.bring_back(now)
if now.state.selections:
    chosen = saved.saved_table(now)
    if chosen is not None:
        saved.manage(now, chosen)
    else:
        st.caption("Click one to load, rename, duplicate or delete it.")
    compare(*ask())
else:
    st.info("Nothing is saved yet: save the present selection, change the budget or decide something, and compare.")
