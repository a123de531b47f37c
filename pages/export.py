"""Export: the curated file, what was left out and why, and a manifest that reproduces both."""

import re

import streamlit as st

from core.datasets.writers import FORMATS
from core.errors import SaelectError
from core.export.formats import fields_of, preview
from core.export.forms import FORMS
from core.export.order import ORDERS
from core.export.settings import Shape
from core.export.snippets import snippets
from core.settings import sentence
from core.store.meta import data_named
from core.system.files import cache_dir
from core.system.shown import shown_path
from pages.parts.export_boxes import Leaving, show_data_set, show_file
from pages.parts.saved import save_form, saved_link
from pages.parts.text import cut, plain
from pages.parts.view import header, metrics

SHOWN, LONGEST = 60, 1000  # lines of the first records, and characters of a line
TO = (
    "original: the record as it came in. messages: TRL, OpenAI. prompt-completion: TRL, trains on the last response. "
    "alpaca, sharegpt: LLaMA-Factory, axolotl."
)


def pick_shape() -> Shape:
    """Form, format and order of the records."""
    left, middle, right = st.columns(3)
    to = left.selectbox("Form", list(FORMS), key="to", bind="query-params", help=TO)
    format = middle.segmented_control(
        "Format", list(FORMATS), default="jsonl", required=True, key="format", bind="query-params"
    )
    orders = [*ORDERS, *now.session.info.scores]
    order = right.selectbox("Order", orders, key="order", bind="query-params", help=sentence(Shape, "order"))
    return Shape(format, order, to)


def show_figures() -> None:
    """The file's figures at a glance."""
    k, tokens = len(now.selection.rows), now.session.info.tokens[now.selection.rows].sum()
    decided = (now.decided.vetoes, now.decided.boosts, now.spec.quotas, now.state.pins, now.state.bans)
    metrics(
        ("Records", f"{k:,}", f"{store.n_samples - k:,} left out"),
        ("Tokens", f"{tokens:,}", f"{tokens / max(k, 1):,.0f} per record on average"),
        ("Decisions", f"{sum(map(len, decided)):,}", "vetoes, boosts, quotas, pins, bans"),
    )


def show_snippets() -> None:
    """The lines that load the file, for each trainer that reads the form."""
    fields = now.session.remember(("fields", repr(now.selection.spec), to), lambda: fields_of(now.selection, store, to))
    found = snippets(f"{name}.{format}", format, to, fields)
    st.caption("To load it:")
    for tab, each in zip(st.tabs([each.trainer for each in found]), found, strict=True):
        tab.code(each.text, each.language, wrap_lines=True)


def show_saved() -> None:
    """The way to requests that were kept under a name."""
    st.subheader("Saved selections", anchor=False)
    save_form(now)
    if now.state.selections:
        saved_link(now)
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
        st.caption("Shown as JSON Lines, since Parquet is not text.")


now = header(
    "Export",
    "Records leave exactly as they came in, with every value and the order of their keys, or in a trainer's form.",
)
store = now.session.store
data = re.sub(r"[^\w-]+", "-", data_named(store.meta).split(".")[0]).strip("-")
name = f"{data}-{now.spec.method}-{len(now.selection.rows)}"
shape = pick_shape()
format, order, to = shape.format, shape.order, shape.to
show_figures()
found = first_records()
leaving = Leaving(now, shape, name, found is not None)
left, right = st.columns(2, border=True)
with left:
    show_file(leaving)
    if found:
        show_snippets()
with right:
    show_data_set(leaving)
show_saved()
if found:
    show_records(*found)
st.caption(f"Stores and decisions are kept in `{cache_dir().name}/`; a copy of the decisions is in the manifest.")
