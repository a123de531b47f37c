"""The features of one sample: a table for each lens, those that stand for wording and format folded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.matrix.statistics import active_in
from core.schema import LENSES, NOUNS, FeatureMatrix
from core.system.shown import many
from pages.parts.feature_decisions import veto_name
from pages.parts.tables import FACES, clickable, feature_link, feature_table
from pages.parts.text import plain, whole
from pages.parts.view import View

HEIGHT = 330  # in pixels: eight topics
NAME = st.column_config.Column(width=210)  # so that the columns after it are seen too


def entries(matrix: FeatureMatrix, row: int) -> tuple[np.ndarray, np.ndarray]:
    """A sample's features int32 and values float32, strongest first."""
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    order = np.argsort(-matrix.value[span], kind="stable")
    return matrix.feature[span][order], matrix.value[span][order]


def show(now: View, row: int, new: Sequence[int]) -> int | None:
    """The features of the lens looked through, those of `new` first, and what can be done with one; the clicked one."""
    noun = NOUNS[now.spec.lens]
    st.subheader(f"Its {noun}s", anchor=False)
    features, values = entries(now.matrix, row)
    if not len(features):
        st.info(f"No {noun} of it is active at this θ.")
        return None
    order = np.argsort(~np.isin(features, new), kind="stable")
    features, values = features[order], values[order]
    formal = np.isin(features, list(now.wording))
    clicked = table(now, row, features[~formal], values[~formal], new, "meant") if not formal.all() else None
    if formal.any():
        with st.expander(f"And {many(int(formal.sum()), noun)} of wording and format"):
            other = table(now, row, features[formal], values[formal], new, "formal")
            clicked = clicked if other is None else other
    if now.spec.lens == "topics":
        st.caption("A value near θ is a hint only: the weaker topics of a sample often miss it.")
    strongest = int(features[~formal][0] if not formal.all() else features[0])
    actions(now, strongest if clicked is None else clicked)
    return clicked


def table(
    now: View, row: int, features: np.ndarray, values: np.ndarray, new: Sequence[int], key: str
) -> int | None:  # fmt: skip
    """Features with their values, and what the kept samples have of them; gives the one that was clicked."""
    more: dict[str, Sequence[object] | np.ndarray] = {"value here": values}
    if now.spec.lens == "tokens":
        more["at token"] = at_tokens(now, row, features)
    if len(new):
        more["new"] = np.isin(features, new)
    if any(int(f) in now.decided.vetoes for f in features):
        more["decided"] = [veto_name(now.decided.vetoes.get(int(f), "")) for f in features]
    more["kept samples"] = active_in(now.matrix, now.selection.rows)[features]
    more["in samples"] = 100 * now.matrix.density()[features]
    formats = {"value here": "%.2f", "in samples": "%.1f %%", FACES[now.spec.lens]: NAME}
    chosen = feature_table(now, features, f"why-features-{key}-{row}", more, height=HEIGHT, formats=formats)
    return chosen[0] if chosen else None


def at_tokens(now: View, row: int, features: np.ndarray) -> list[str]:
    """The token at which each feature peaks in the sample."""
    pieces, found = now.session.store.pieces(row)[0], now.session.store.sample_features(row)
    peaks: dict[int, int] = {}
    for feature, peak in zip(found["feature_id"].tolist(), found["peak"].tolist(), strict=True):
        peaks.setdefault(feature, peak)  # strongest first
    return [whole(pieces[peaks[f]].strip()) or "⏎" for f in features.tolist()]


def actions(now: View, feature: int) -> None:
    """Ignore the feature, or let it count again; or look at its card."""
    left, right = st.columns(2)
    noun = NOUNS[now.spec.lens]
    if feature in now.decided.vetoes:
        if left.button(f"Count {noun} {feature} again", icon=":material/undo:", key="lift-top", width="stretch"):
            now.workspace.unveto([feature], now.spec.lens)
            st.rerun()
    elif left.button(f"Ignore {noun} {feature}", icon=":material/block:", key="veto-top", width="stretch",
                   help=plain(now.label(feature))):  # fmt: skip
        now.workspace.veto([feature], reason="from the Why page", lens=now.spec.lens)
        st.rerun()
    with right:
        feature_link(feature)


def other_lens(now: View, row: int) -> None:
    """The features of the other lens, folded, where the store has one."""
    for lens in LENSES:
        if lens == now.spec.lens or lens not in now.session.store.lenses:
            continue
        with st.expander(f"Through the other lens: its {lens}"):
            theta = now.session.default_theta("all", lens)[0]
            features, values = now.session.store.entries(row, lens, theta)  # its matrix would take long to read
            names, noun = now.names(lens), NOUNS[lens]
            meant = ~np.isin(features, list(now.wording_in(lens)))
            shown = [names.get(int(f)) or f"{noun} {f}" for f in features[meant]]
            frame = pd.DataFrame({noun: features[meant], "name": shown, "value here": values[meant]})
            clickable(frame, f"why-other-{row}", HEIGHT, formats={"value here": "%.2f"})
            if n := int((~meant).sum()):
                st.caption(f"And {many(n, noun)} of wording and format.")
