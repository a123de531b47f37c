"""Export: the curated file, what was left out and why, and a manifest that reproduces both."""

import streamlit as st

from core.datasets.writers import FORMATS
from core.errors import SaelectError
from core.export.folder import rejects_bytes
from core.export.formats import curated_bytes, fields_of, preview
from core.export.forms import FORMS
from core.export.manifest import manifest_json
from core.export.order import ORDERS
from core.export.settings import Shape
from core.export.snippets import snippets
from core.selection.specs import spec_dict
from core.store.meta import data_named
from core.system.files import cache_dir
from core.system.shown import shown_path
from pages.parts.text import cut, plain
from pages.parts.view import header, metrics

SHOWN, LONGEST = 60, 1000  # lines of the first records, and characters of a line


def pick_form() -> tuple[str, str, str]:
    """Format and order of the file, and the form of its records."""
    left, right, last = st.columns(3)
    format = left.segmented_control(
        "Format", list(FORMATS), default="jsonl", required=True, key="format", bind="query-params"
    )
    order = right.segmented_control("Order", ORDERS, default="input", required=True, key="order", bind="query-params")
    to = last.selectbox("As", list(FORMS), key="to", bind="query-params")
    return format, order, to


def show_figures() -> None:
    """The file's figures at a glance."""
    k, tokens = len(now.selection.rows), now.session.info.tokens[now.selection.rows].sum()
    decisions = len(now.decided.vetoes) + len(now.state.pins) + len(now.state.bans)
    metrics(
        ("Records", f"{k:,}", f"{store.n_samples - k:,} left out"),
        ("Tokens", f"{tokens:,}", f"mean {tokens / max(k, 1):,.0f} a record"),
        ("Decisions", f"{decisions:,}", "vetoes, pins and bans"),
    )


def show_downloads(usable: bool) -> None:
    """The three files, each made when its button is pressed."""
    file = f"{name}.{format}"

    def curated() -> bytes:
        return curated_bytes(now.selection, store, format, order, to)

    files = (
        ("Curated file", file, curated, "download"),
        ("Rejects with reasons", f"{name}.rejects.jsonl",
         lambda: rejects_bytes(now.selection, store, now.spoken), "rule"),
        ("Manifest", f"{name}.manifest.json",
         lambda: manifest_json(now.selection, store, Shape(format, order, to), {file: curated()}).encode(),
         "receipt_long"),
    )  # fmt: skip
    for column, (label, target, make, icon) in zip(st.columns(3), files, strict=True):
        column.download_button(
            label, make, target, icon=f":material/{icon}:", on_click="ignore", width="stretch",
            type="primary" if icon == "download" else "secondary", key=f"download-{label.split()[0].lower()}",
            disabled=not usable and icon != "rule",
        )  # fmt: skip
    st.caption("The manifest reproduces the file on any machine that has the feature store:")
    st.code(f"python -m core replay {name}.manifest.json", language=None)


def show_snippets() -> None:
    """The lines that load the file, for each trainer that reads the form."""
    fields = now.session.remember(("fields", repr(now.selection.spec), to), lambda: fields_of(now.selection, store, to))
    found = snippets(f"{name}.{format}", format, to, fields)
    st.caption("The lines that load it:")
    for tab, each in zip(st.tabs([each.trainer for each in found]), found, strict=True):
        tab.code(each.text, each.language)


def show_saved() -> None:
    """Requests that were kept under a name."""
    st.subheader("Saved selections", anchor=False)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    title = left.text_input("Keep this request under a name", placeholder=name, key="saved-name")
    if right.button("Save", icon=":material/bookmark:", key="save-selection", width="stretch"):
        now.workspace.save_selection(title or name, spec_dict(now.selection))
        st.rerun()
    if now.state.selections:
        told = ("method", "budget", "unit", "theta", "scope")
        kept = [
            {"name": n, **{field: spec.get(field) for field in told}, "lens": spec.get("lens", "tokens")}
            for n, spec in now.state.selections.items()
        ]
        st.dataframe(kept, hide_index=True, key="saved-selections")
        st.caption("In a terminal:")
        st.code(f"python -m core export --store {shown_path(store.path)} --saved NAME --out FILE", language=None)


def first_records() -> tuple[str, str] | None:
    """The beginning of the file and its language; None, after saying why, where the format cannot hold the records."""
    key = ("first records", repr(now.selection.spec), format, order, to)
    try:
        return now.session.remember(key, lambda: preview(now.selection, store, format, order, to=to))
    except SaelectError as error:
        st.error(plain(error), icon=":material/block:")
        return None


def show_records(text: str, language: str) -> None:
    """The beginning of the file."""
    st.subheader("The first records", anchor=False)
    lines = [cut(line, LONGEST) for line in text.split("\n")[:SHOWN]]
    st.code("\n".join(lines), language)
    if format == "parquet":
        st.caption("As JSON Lines, as Parquet is no text.")


now = header(
    "Export",
    "The records leave exactly as they came in, every value and the order of keys; or in the form of a trainer.",
)
store = now.session.store
name = f"{data_named(store.meta).split('.')[0]}-{now.spec.method}-{len(now.selection.rows)}"
format, order, to = pick_form()
show_figures()
found = first_records()
show_downloads(found is not None)
if found:
    show_snippets()
show_saved()
if found:
    show_records(*found)
st.caption(f"Stores and decisions are kept in `{cache_dir().name}/`; a copy of the decisions is in the manifest.")
