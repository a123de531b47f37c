"""What a selection would teach, where `python -m core predict` has told: the last part of the page Proof."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.proof.taught import extremes, predictions_of, told_of_fit, told_of_prediction
from core.schema import NOUNS
from pages.parts.text import plain, whole
from pages.parts.view import View

SHOWN = 8  # features that rise most, and as many that fall most
HELP = {
    "predicted": "the answers of the selection less the model's own: mean activation over their tokens",
    "z": "of the prediction: the mean difference over its standard error",
    "measured": "answers of the tuned model less those before training",
}


def show_teaching(now: View) -> None:
    """The newest prediction of the store: features that change most, and whether it came true; nothing without one."""
    found = next(iter(predictions_of(now.session.store.key)), None)
    if found is None:
        return
    st.subheader("What will it teach?", anchor=False)
    st.caption(plain(told_of_prediction(found)))
    for lens, result in found["lenses"].items():
        st.markdown(f"**{NOUNS[lens].capitalize()}s that would rise and fall most**")
        show_features(now, result, lens)
        if said := told_of_fit(result, lens):
            st.caption(plain(said))


def show_features(now: View, result: dict[str, Any], lens: str) -> None:
    """A table of the features of a lens that are predicted to change most."""
    names, places = now.names(lens), extremes(result, SHOWN)
    features = [result["feature"][i] for i in places]
    columns = {"predicted": result["before"]["delta"], "z": result["before"]["z"]}
    if "after" in result:
        columns["measured"] = result["after"]["delta"]
    frame = pd.DataFrame(
        {NOUNS[lens]: features, "name": [whole(names.get(f, "")) for f in features]}
        | {name: [values[i] for i in places] for name, values in columns.items()}
    )
    layout = {name: st.column_config.NumberColumn(format="%+.3f", help=HELP[name]) for name in columns}
    st.dataframe(frame, hide_index=True, key=f"teaching-{lens}", column_config=layout)
