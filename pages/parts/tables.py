"""Tables of features and of samples whose rows can be clicked, and the links that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from core.features.kinds import meaning_first, rest_told
from core.schema import NOUNS
from core.session.cut import READ, readings
from pages.parts.evidence import masked_previews
from pages.parts.text import escape, whole
from pages.parts.view import View, link, url, view

FACES = {"topics": "name", "tokens": "strongest tokens or label"}  # what features of each lens are shown by
Formats = Mapping[str, Any]  # of columns: a number's format such as "%.2f", or a st.column_config of its own


def clickable(
    frame: pd.DataFrame, key: str, height: int, several: bool = False, formats: Formats | None = None
) -> list[int]:
    """A table; gives the places of the rows that were ticked, or where not `several` of the one that was clicked."""
    mode = "multi-row" if several else "single-cell"  # a row alone is chosen by its box only, not by a click on it
    event = st.dataframe(
        frame, key=key, hide_index=True, on_select="rerun", selection_mode=mode, column_config=columns(formats),
        height=min(35 * len(frame) + 40, height),
    )  # fmt: skip
    chosen = event["selection"]
    rows = chosen["rows"] if several else [row for row, _ in chosen["cells"]]
    return [i for i in rows if i < len(frame)]  # the table may have been longer when clicked


def columns(formats: Formats | None) -> dict[str, Any]:
    """The formats as Streamlit takes them."""
    number = st.column_config.NumberColumn
    return {name: number(format=of) if isinstance(of, str) else of for name, of in (formats or {}).items()}


def feature_table(
    now: View,
    features: Sequence[int] | np.ndarray,
    key: str,
    more: Mapping[str, Sequence[Any] | np.ndarray],
    *,
    height: int = 320,
    several: bool = False,
    formats: Formats | None = None,
) -> list[int]:
    """Features with their labels and `more` columns; gives those that were clicked."""
    features = np.asarray(features, dtype=int)
    frame = pd.DataFrame({now.noun: features, FACES[now.spec.lens]: [whole(now.label(f)) for f in features], **more})
    return [int(features[i]) for i in clickable(frame, key, height, several, formats)]


def meaning_table(
    now: View,
    features: Sequence[int] | np.ndarray,
    key: str,
    more: Callable[[list[int]], Mapping[str, Any]],
    *,
    most: int = 300,
    height: int = 320,
    several: bool = False,
    formats: Formats | None = None,
) -> list[int]:
    """`feature_table` of the features that stand for something; below it, folded, of those of wording and format.

    more: the further columns of some features. Of each kind the first `most` are shown.
    """
    first, rest = meaning_first(features, now.kinds)
    clicked: list[int] = []
    if first:
        shown = first[:most]
        clicked = feature_table(now, shown, key, more(shown), height=height, several=several, formats=formats)
    if len(first) > most:
        st.caption(f"The first {most} of {len(first):,}.")
    if rest:
        with st.expander(rest_told(rest), key=f"{key}-fold", on_change="rerun") as fold:
            if fold.open:
                shown = rest[:most]
                kinds = {"kind": [now.kinds.get(f, "") for f in shown], **more(shown)}
                clicked += feature_table(now, shown, f"{key}-rest", kinds, height=height, several=several,
                                         formats=formats)  # fmt: skip
    return clicked


def samples_table(
    now: View,
    rows: Sequence[int] | np.ndarray,
    key: str,
    more: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
    formats: Formats | None = None,
    several: bool = False,
) -> list[int]:
    """Samples with the beginnings of their texts, after `more` columns; gives the rows that were clicked, one at most
    unless `several`. How they were read is a column where one of them was not read whole. Personal data is masked.
    """
    rows = np.asarray(rows, dtype=int)
    texts = masked_previews(now.session, rows)
    read = readings(now.session)[rows]
    frame = pd.DataFrame(
        {
            **(more or {}),
            "row": rows,
            "prompt": [whole(prompt) for prompt, _ in texts],
            "response": [whole(response) for _, response in texts],
            "response tokens": now.session.info.response_tokens[rows],
            **({"read": [READ[i] for i in read]} if read.any() else {}),
        }
    )
    return [int(rows[i]) for i in clickable(frame, key, 320, several, formats)]


def feature_link(feature: int, lens: str = "") -> None:
    """The link to a feature's card; in another lens than the view's by a whole address, as no link sets a widget."""
    own = view().spec.lens
    label = f"Open {NOUNS[lens or own]} {feature}"
    if lens in ("", own):
        st.page_link("pages/features.py", label=label, icon=":material/lightbulb:", query_params=link(feature=feature))
    else:
        address = escape("features?" + urlencode(url(feature=feature, lens=lens)))
        st.html(f"<a href='{address}' target='_self' style='color:inherit'>{label}</a>")


def why_link(row: int, label: str = "") -> None:
    """The link to why a sample was kept or left out."""
    st.page_link("pages/why.py", label=label or f"Why row {row:,}", icon=":material/help_center:",
                 query_params=link(row=row))  # fmt: skip
