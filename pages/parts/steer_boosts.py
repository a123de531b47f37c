"""Boosts on the page Budget: features that weigh more or less, by hand, by words, or by what sets a group apart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.matrix.postings import samples_per_feature
from core.matrix.statistics import active_in
from core.schema import LARGEST_BOOST
from core.selection.registry import METHODS
from core.session.concepts import name_matches, named_here
from core.session.groups import group
from core.session.preview import weighed
from core.session.steering import set_apart
from core.settings import whole_number
from core.system.shown import many
from pages.parts.changes import ask_first
from pages.parts.feature_decisions import ask_boost, explain_boost
from pages.parts.tables import clickable
from pages.parts.text import plain, whole
from pages.parts.view import View

FOUND = 100  # features listed for some words
PERCENT = st.column_config.NumberColumn(format="percent")


def show_boosts(now: View) -> None:
    """Where boosts are set, and those that stand."""
    if not METHODS[now.spec.method].counts:
        st.warning(f"{plain(now.spec.method)} does not count {now.noun}s, so boosts change nothing: choose another "
                   "method, such as sae-greedy or sae-gain.", icon=":material/info:")  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        by_words(now)
        by_group(now)
    with right:
        list_boosts(now)


# --- by words or a number


def by_words(now: View) -> None:
    """The features whose name has some words, or the one of a number: those chosen weigh more or less."""
    text = st.text_input(f"Words in the names of {now.noun}s, or a number", key="boost-words", bind="query-params",
                         placeholder="python code").strip()  # fmt: skip
    if not text:
        return
    found = features_of(now, text)
    if not found:
        st.caption(f"No {now.noun} here is called so. The page Concepts finds them by meaning.")
        return
    chosen = [found[i] for i in clickable(table(now, found), "boost-found", 240, several=True, formats=FORMATS)]
    chosen = chosen or (found if len(found) == 1 else [])
    factor, asked = ask_factor("boost-factor", f"Weigh {many(len(chosen), now.noun)}" if chosen else "", 3.0)
    if not chosen:
        st.caption("Tick those that you mean.")
    if asked:
        ask_boost(now, chosen, factor, now.spec.lens)


def features_of(now: View, text: str) -> list[int]:
    """The features of the view's lens that a text means."""
    if (number := whole_number(text)) is not None:
        return [number] if number < now.matrix.n_features else []
    key = ("named here", now.spec.lens, now.state.version)
    names = now.session.remember(key, lambda: named_here(now.session, now.names(now.spec.lens), now.spec.lens))
    found = name_matches(text, names)[:FOUND]
    counts = samples_per_feature(now.matrix)
    return sorted(found, key=lambda f: (-counts[f], f))


def ask_factor(key: str, what: str, usual: float) -> tuple[float, bool]:
    """A factor, and whether its effect is asked for; nothing can be asked without a `what`."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        factor = st.slider(f"{what or 'Weigh them'}: ×0 for nothing, ×1 as it is", 0.0, LARGEST_BOOST, usual, 0.5,
                           key=key, format="×%g")  # fmt: skip
        asked = st.button("See what changes", icon=":material/visibility:", key=f"{key}-see", disabled=not what)
    return factor, asked


# --- by a group of samples


def by_group(now: View) -> None:
    """What sets a set or a tag apart weighs more, in proportion to the difference."""
    known = [*(f"set:{name}" for name in now.state.sets), *(f"tag:{name}" for name in now.state.tags)]
    if not known:
        st.caption(f"Once there is a set or a tag of samples, the {now.noun}s that set it apart can be boosted too.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Or by what sets a group apart", known, key="boost-group", format_func=whole)
        asked = st.button("See what changes", icon=":material/visibility:", key="boost-group-see")
    if not asked:
        return
    try:
        found = set_apart(now.matrix, group(now.session, now.spec, now.state, name).rows)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    if not found:
        st.warning(f"No {now.noun} is commoner in {plain(name)} than in all samples.", icon=":material/block:")
        return
    then = weighed(now.spec, found)
    ask_first(now, f"Boost {many(len(found), now.noun)} by {name}", then,
              lambda: now.workspace.boosts(found, name, now.spec.lens),
              lambda change: explain_boost(now, then, list(found), change))  # fmt: skip


# --- those that stand


def list_boosts(now: View) -> None:
    """The boosts with what is kept of each; those chosen are lifted."""
    own = now.decided.boosts
    if not own:
        st.caption(f"No boosts yet: every {now.noun} has its own weight.")
        return
    st.markdown("**Boosts that stand**")
    features = list(own)
    chosen = [features[i] for i in clickable(table(now, features), "boosts", 380, several=True, formats=FORMATS)]
    st.caption(
        f"Of kept: the share of the kept samples that have the {now.noun} at all"
        + ("; a quota counts only those whose strongest topic it is." if now.spec.lens == "topics" else ".")
    )
    wanted = chosen or features
    if st.button(f"Lift {'these' if chosen else 'all'} {len(wanted):,}", icon=":material/undo:", key="boosts-lift"):
        now.workspace.boost(wanted, 1.0, now.spec.lens)
        st.rerun()


FORMATS = {"weighs": "×%g", "of all": PERCENT, "of kept": PERCENT}


def table(now: View, features: Sequence[int]) -> pd.DataFrame:
    """Features with their weight, and the share of all samples and of those kept that have each."""
    kept = now.selection.rows
    return pd.DataFrame({
        now.noun: features,
        "name": [whole(now.label(f)) for f in features],
        "weighs": [now.decided.boosts.get(f, 1.0) for f in features],
        "of all": samples_per_feature(now.matrix)[list(features)] / max(now.matrix.n_samples, 1),
        "of kept": active_in(now.matrix, kept)[list(features)] / max(len(kept), 1),
    })  # fmt: skip
