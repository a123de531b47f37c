"""Export: the curated file, what was left out and why, and a manifest that reproduces both."""

from pathlib import Path

import streamlit as st

from core.datasets.writers import FORMATS
from core.errors import SaelectError
from core.export.folder import rejects_bytes
from core.export.formats import curated_bytes
from core.export.manifest import manifest_json, spec_dict
from core.system.files import cache_dir
from pages.parts.text import plain
from pages.parts.view import header, metrics

now = header("Export", "The records leave exactly as they came in: every value and the order of keys.")
store = now.session.store
left, right = st.columns(2)
format = left.segmented_control(
    "Format", list(FORMATS), default="jsonl", required=True, key="format", bind="query-params"
)
order = right.segmented_control(
    "Order", ("input", "pick"), default="input", required=True, key="order", bind="query-params"
)
tokens = now.session.info.tokens[now.selection.rows].sum()
decisions = len(now.state.vetoes) + len(now.state.pins) + len(now.state.bans)
metrics(
    ("Records", f"{len(now.selection.rows):,}", f"{store.n_samples - len(now.selection.rows):,} left out"),
    ("Tokens", f"{tokens:,}", f"mean {tokens / max(len(now.selection.rows), 1):,.0f} a record"),
    ("Decisions", f"{decisions:,}", "vetoes, pins and bans"),
)

name = f"{Path(store.meta['config']['data']).stem.split('.')[0]}-{now.spec.method}-{len(now.selection.rows)}"


def curated() -> bytes:
    """The file, made when the button is pressed."""
    return curated_bytes(now.selection, store, format, order)


buttons = st.columns(3)
buttons[0].download_button(
    "Curated file", curated, f"{name}.{format}", icon=":material/download:", on_click="ignore", type="primary",
    width="stretch", key="download-curated",
)  # fmt: skip
buttons[1].download_button(
    "Rejects with reasons", lambda: rejects_bytes(now.selection, store), f"{name}.rejects.jsonl",
    icon=":material/rule:", on_click="ignore", width="stretch", key="download-rejects",
)  # fmt: skip
buttons[2].download_button(
    "Manifest",
    lambda: manifest_json(now.selection, store, format, order, f"{name}.{format}").encode(),
    f"{name}.manifest.json",
    icon=":material/receipt_long:",
    on_click="ignore",
    width="stretch",
    key="download-manifest",
)
st.caption("The manifest reproduces the file on any machine that has the feature store:")
st.code(f"python -m core replay {name}.manifest.json", language="bash")

st.subheader("Saved selections", anchor=False)
left, right = st.columns([3, 1], vertical_alignment="bottom")
title = left.text_input("Keep this request under a name", placeholder=name, key="saved-name")
if right.button("Save", icon=":material/bookmark:", key="save-selection", width="stretch"):
    now.workspace.save_selection(title or name, spec_dict(now.selection))
    st.rerun()
if now.state.selections:
    told = ("method", "budget", "unit", "theta", "scope")
    kept = [{"name": n, **{field: spec.get(field) for field in told}} for n, spec in now.state.selections.items()]
    st.dataframe(kept, hide_index=True, key="saved-selections")
    st.caption("In a terminal: `python -m core export --store … --saved NAME --out FILE`.")

st.subheader("The first records", anchor=False)
try:
    st.code(
        curated_bytes(now.selection.prefix(min(3, len(now.selection.rows))), store, "json", order).decode()[:4000],
        "json",
    )
except SaelectError as error:
    st.error(plain(error))
st.caption(f"Stores and decisions are kept in `{cache_dir().name}/`; a copy of the decisions is in the manifest.")
