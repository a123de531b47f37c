"""Map: all samples by what they activate; lasso some to act on them, click on one to read it beside the map."""

import numpy as np
import streamlit as st

from core.system.shown import many
from pages.parts import keyboard
from pages.parts.actions import action_bar
from pages.parts.address import get
from pages.parts.map_colours import coloured
from pages.parts.sample_list import Samples, Steps, n_kept, sample_list, statuses
from pages.parts.sample_map import chosen_row, in_lasso, sample_map, was_chosen
from pages.parts.sample_panel import sample_panel
from pages.parts.view import View, header

LEADS = {
    "topics": "Samples about the same things lie close together. Lasso some to act on them; click on one to read it.",
    "tokens": "Samples that activate the same features lie close together. Lasso some to act on them; click on one to "
    "read it.",
}


@st.fragment
def chart(now: View) -> None:
    """The map; a new colour draws it alone, a lasso or a click all of the page."""
    if was_chosen("map"):
        st.rerun()
    sample_map(now, "map", *coloured(now))


def listed(now: View, inside: np.ndarray, row: int | None) -> Steps:
    """The samples in the lasso: what can be done with all of them, and a list; gives those around the chosen one."""
    st.subheader(f"{many(len(inside), 'sample')} in the lasso, {n_kept(now, inside):,} of them kept", anchor=False)
    action_bar(now, inside, "map", "lasso", group=f"lasso:{get('lasso')}")
    samples = Samples(now, inside, {"status": statuses(now, inside)}, sort=get("row-sort"))
    return sample_list(samples, "map-list", "row", row, height=300)


now = header("Map", LEADS)
inside, row = in_lasso(now), chosen_row(now)
# The map stands in the first of two columns whatever is chosen: elsewhere the browser would make it anew.
left, right = st.columns([3, 2] if len(inside) or row is not None else [1, 0.001], gap="medium")
with left:
    chart(now)
with right:
    around = listed(now, inside, row) if len(inside) else Steps()
    if row is not None:
        sample_panel(now, row, "map", steps=around)
    elif len(inside):
        with st.container(key="panel-map"):
            keyboard.listen(now, "panel-map", None, around)
