"""Features: what each one fires on, how much it brought to the selection; veto it, label it."""

import numpy as np
import streamlit as st

from core.features.cards import sparklines
from core.features.listing import ORDERS, listed_features, matching
from core.matrix.statistics import lift
from pages.parts import feature_card
from pages.parts.feature_map import feature_map
from pages.parts.figures import draw
from pages.parts.tables import feature_table
from pages.parts.view import header

SHOWN = 500
FORMATS = {
    "values": st.column_config.BarChartColumn(width="small", help="How many samples reach which value."),
    "in samples": "%.1f %%",
    "among picks ×": "%.2f",
}


def listed() -> np.ndarray:
    """The features that the search finds, in the order asked for."""
    left, right = st.columns(2, vertical_alignment="bottom")
    text = left.text_input("Search", placeholder="a token, a label or a number", key="search", bind="query-params")
    order = right.selectbox("Order", ORDERS, key="sort", bind="query-params")
    found = listed_features(now.matrix, now.selection.rows, now.ledger.feature, now.decided.vetoes, order)
    return matching(found, text, now.label)


def table(features: np.ndarray) -> list[int]:
    """The first features with their figures and decisions; gives those that were clicked."""
    shown, credit = features[:SHOWN], now.ledger.credit
    active = np.flatnonzero(density > 0)
    lines = now.session.remember(("sparks", now.spec.scope, now.spec.theta), lambda: sparklines(now.matrix, active))
    of = dict(zip(active.tolist(), lines, strict=False))  # a feature that is vetoed may be active in no sample
    more = {
        "values": [of.get(f, []) for f in shown.tolist()],
        "brought in by pick": [int(credit[f]) + 1 if credit[f] >= 0 else None for f in shown],
        "in samples": 100 * density[shown],
        "among picks ×": commoner[shown],
        "veto": [now.decided.vetoes.get(int(f), "") for f in shown],
        "reason": [now.decided.reasons.get(int(f), "") for f in shown],
    }
    chosen = feature_table(now, shown, "features-table", more, height=560, several=True, formats=FORMATS)
    if len(features) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(features):,}: search to see others.")
    return chosen


def decide_on(chosen: list[int]) -> None:
    """Veto or label the chosen features under one name."""
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    name = left.text_input("Name of the group", key="group-name", placeholder="why, or what they stand for")
    if middle.button(f"Veto these {len(chosen)}", icon=":material/block:", key="veto-many", width="stretch"):
        now.workspace.veto(chosen, reason=name, lens=now.spec.lens)
        st.rerun()
    if right.button("Label them so", key="label-many", width="stretch", disabled=not name.strip()):
        for feature in chosen:
            now.workspace.label(feature, name, now.spec.lens)
        st.rerun()


def show_map() -> None:
    """All active features by their decoder directions."""
    figure, n_active, n_covered = feature_map(now)
    draw(figure, "directions", 480)
    st.caption(
        f"UMAP of the decoder directions by cosine: of {n_active:,} features active at this θ the picks "
        f"cover {n_covered:,}. Each area is named by its most credited feature."
    )


def asked_for(features: np.ndarray) -> int | None:
    """The feature that the address names, else the first that is listed."""
    asked = st.query_params.get("feature", "")
    if asked.isdecimal() and int(asked) < len(density):
        return int(asked)
    return int(features[0]) if len(features) else None


now = header(
    "Features", "Each feature stands for something the model notices. Veto those that should not bring a sample in."
)
density, commoner = now.matrix.density(), lift(now.matrix, now.selection.rows)
features = listed()
left, right = st.columns([5, 4], gap="large")
with left:
    chosen = table(features)
    if len(chosen) > 1:
        decide_on(chosen)
    show_map()
with right:
    feature = chosen[-1] if chosen else asked_for(features)
    if feature is None:
        st.info("No feature matches the search.")
    else:
        feature_card.draw(now, feature, float(commoner[feature]))
