"""Map: all samples by what they activate; lasso some to read them."""

import numpy as np
import streamlit as st

from core.system.shown import many
from pages.parts import clusters
from pages.parts.actions import action_bar
from pages.parts.figures import MUTED, SELECTED, draw
from pages.parts.map import map_of
from pages.parts.tables import samples_table, why_link
from pages.parts.view import header, previews

LISTED = 1000  # samples of the lasso in the table
LEADS = {
    "topics": "Samples about the same things lie close together. Lasso some to read them.",
    "tokens": "Samples that activate the same features lie close together. Lasso some to read them.",
}

now = header("Map", LEADS)
place = now.session.projection(now.spec.lens)
texts = previews(now.session)
kept = np.zeros(now.session.store.n_samples, bool)
kept[now.selection.rows] = True

left, right = st.columns(2, vertical_alignment="bottom")
with left:
    by = st.segmented_control("Colour by", ("kept", "cluster"), default="kept", required=True, key="colour",
                              bind="query-params")  # fmt: skip
if by == "cluster":
    with right:
        layers = [(*layer, 5, 0.8) for layer in clusters.layers(now)]
else:
    layers = [("left out", ~kept, MUTED, 5, 0.45), ("kept", kept, SELECTED, 7, 0.9)]
figure = map_of(place, layers, texts)
figure.update_layout(dragmode="lasso", uirevision=f"{now.session.store.key} {now.spec.lens}")
event = draw(figure, "map", 560, on_select="rerun", selection_mode=("lasso", "box", "points"))

chosen = [int(np.ravel(p["customdata"])[0]) for p in event["selection"]["points"] if "customdata" in p]
if not chosen:
    st.caption(
        f"{kept.sum():,} kept and {many(int((~kept).sum()), 'left-out sample')}; nothing is selected on the map."
    )
else:
    inside = np.array(sorted(set(chosen)))
    st.subheader(f"{many(len(inside), 'sample')} in the lasso, {kept[inside].sum():,} of them kept", anchor=False)
    action_bar(now, inside, "map", "lasso")
    status = np.where(kept[inside[:LISTED]], "kept", "left out")
    for row in samples_table(now, inside[:LISTED], "map-table", {"kept": status}):
        why_link(row)
