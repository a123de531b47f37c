"""Features: what each topic or token feature stands for, and what it brought in; ignore it, exclude its samples."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import streamlit as st

from core.features.kinds import meaning_first
from core.features.listing import ORDERS, first_telling, listed_features, matching
from core.matrix.statistics import active_in
from core.system.shown import many
from pages.parts import feature_card
from pages.parts.address import number
from pages.parts.feature_decisions import decide_on_many, veto_name
from pages.parts.feature_map import feature_map
from pages.parts.figures import draw
from pages.parts.store_forms import label_form
from pages.parts.tables import FACES, meaning_table
from pages.parts.text import whole
from pages.parts.view import header

LEADS = {
    "topics": "A topic is what samples are about. Read a few samples of each, then decide whether it should count.",
    "tokens": "A feature is what single tokens mean to the model. Read where each is active, then decide whether it "
    "counts.",
}
SHOWN = "shown-feature"  # in the session: the one shown without being asked for, and of which list
MOST = 1000  # features listed of those with a meaning, and of the others
SEARCHED = {"topics": "a word of its name, or a number", "tokens": "a token, a word of its label, or a number"}
FORMATS = {
    **{name: st.column_config.TextColumn(width=240) for name in FACES.values()},  # room for the figures beside it
    "in samples": "%.1f %%",
    "kept": st.column_config.NumberColumn(help="How many kept samples have it"),
    "pick": st.column_config.NumberColumn(help="Which pick was the first to have it"),
}


def listed() -> np.ndarray:
    """The features that the search finds, in the order asked for."""
    left, right = st.columns(2, vertical_alignment="bottom")
    text = left.text_input("Search", placeholder=SEARCHED[now.spec.lens], key="search", bind="query-params")
    order = right.selectbox("Order", ORDERS, key="sort", bind="query-params")
    found = listed_features(now.matrix, now.selection.rows, now.ledger.feature, now.decided.vetoes, order)
    return matching(found, text, now.label)


def columns_of(features: list[int]) -> Mapping[str, Any]:
    """What the table says of features; decisions only where there are some."""
    credit, decided = now.ledger.credit[features], now.decided
    figures = {
        "in samples": 100 * density[features],
        "kept": kept[features],
        "pick": [int(rank) + 1 if rank >= 0 else None for rank in credit],
    }
    if not decided.vetoes:
        return figures
    vetoes = {"veto": [veto_name(decided.vetoes.get(f, "")) for f in features]}
    return vetoes | figures | {"reason": [whole(decided.reasons.get(f, "")) for f in features]}


def table(features: np.ndarray) -> list[int]:
    """The features with their figures and decisions; gives those that were clicked.

    What is clicked is clicked in this list: another one starts anew, and the address keeps the feature looked at.
    """
    features = with_opened(features)
    key = f"features-table-{crc32(features.tobytes())}"
    return meaning_table(now, features, key, columns_of, most=MOST, height=560, several=True, formats=FORMATS)


def with_opened(features: np.ndarray) -> np.ndarray:
    """The features, the one of the address first where it would be too far down to be listed."""
    opened, among = number("feature", len(density)), meaning_first(features, now.kinds)
    if opened is None or opened not in features or any(opened in some[:MOST] for some in among):
        return features
    return np.concatenate([[opened], features[features != opened]])


def show_map() -> None:
    """The features that stand for something by their decoder directions, drawn once someone looks."""
    with st.expander("Map of the features by their directions", key="directions", on_change="rerun") as fold:
        if fold.open:
            figure, n_active, n_covered = feature_map(now)
            draw(figure, "directions-map", 480)
            st.caption(
                f"UMAP of the decoder directions by cosine: the picks cover {n_covered:,} of "
                f"{many(n_active, 'feature')}. Each area is named by its most credited one."
            )


def looked_at(features: np.ndarray, chosen: list[int]) -> int | None:
    """The feature that was clicked last, else the one of the address, else the table's first with a clear name.

    The latter stays as long as the same list is asked for: a decision may move it down the list, and the next button
    that is pressed is meant for it.
    """
    if chosen:
        st.query_params["feature"] = str(chosen[-1])
    asked = number("feature", len(density))
    if asked is not None:
        return asked
    of = now.session.store.key, now.spec.lens, st.session_state.search, st.session_state.sort
    before, shown = st.session_state.get(SHOWN, (None, None))
    if before != of or shown not in features:
        shown = first_telling([*meaning_first(features, now.kinds)[0], *features.tolist()], now.label)
        st.session_state[SHOWN] = of, shown
    return shown


now = header("Features", LEADS)
density, kept = now.matrix.density(), active_in(now.matrix, now.selection.rows)
features = listed()
left, right = st.columns([11, 8], gap="medium")
with left:
    chosen = table(features)
    found = features.tolist() if st.session_state.search.strip() else []
    if len(chosen) > 1:
        decide_on_many(now, chosen)
    elif len(found) > 1:
        with st.expander(f"Decide on all {len(found):,} {now.noun}s that the search finds"):
            decide_on_many(now, found)
    if now.spec.lens == "tokens":
        show_map()
    label_form(now)
with right:
    feature = looked_at(features, chosen)
    if feature is None:
        st.info(f"No {now.noun} matches. Try another word.")
    else:
        feature_card.draw(now, feature, int(kept[feature]))
