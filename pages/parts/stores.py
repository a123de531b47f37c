"""The stores of this dashboard: a list, and what can be done with each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.jobs import start
from core.schema import ExtractConfig
from core.settings import arguments
from core.store.catalogue import (
    StoreTitle,
    data_changed,
    delete_store,
    deleted_stores,
    one_line,
    rename_store,
    restore_store,
    store_titles,
)  # fmt: skip
from core.system.files import cache_dir
from core.system.shown import many, shown_path, size_told
from pages.parts.data_run import JOB, open_store
from pages.parts.store_forms import join_form
from pages.parts.tables import clickable
from pages.parts.text import plain

CHANGED = "outdated"  # its data have changed since
TABLE = "stores-table"  # in the session: the key of the list that was last drawn


def show_stores() -> None:
    """The list of stores, what can be done with the chosen ones, and those in the trash."""
    titles = store_titles(cache_dir())
    st.subheader("Your stores" if titles else "No stores yet", anchor=False)
    if titles:
        changed = [data_changed(title) for title in titles]
        st.session_state[TABLE] = table_key(titles)
        rows = clickable(table_of(titles, changed), st.session_state[TABLE], 400, formats={"samples": "localized"})
        for i in rows:
            show_actions(titles[i], changed[i])
        if not rows:
            st.caption("Choose one to open, rename or delete it.")
        join_form(titles)
    else:
        st.caption("A feature store holds what a model saw in a data set: it is what the other pages show. `make demo` "
                   "makes one of a small model and real conversations.")  # fmt: skip
    show_trash()


def table_key(titles: list[StoreTitle]) -> str:
    """What is chosen is chosen in this list: in another one the place belongs to another store."""
    return f"stores-{crc32(' '.join(title.key for title in titles).encode())}"


def is_one_chosen() -> bool:
    """Whether a person has a store of the list before them."""
    drawn = st.session_state.get(TABLE)
    table = st.session_state.get(drawn) if drawn else None
    return bool(table and table["selection"]["cells"])


def table_of(titles: list[StoreTitle], changed: list[bool]) -> pd.DataFrame:
    """Stores as a table; what one cannot be opened for stands in its row."""
    return pd.DataFrame([
        {
            "name": title.name or title.data or title.path.name,
            "samples": title.n_samples or None,
            "model": Path(made.get("model", "")).name,
            "features": lenses_of(title.meta),
            "size": size_told(size),
            "made": datetime.fromtimestamp(when).astimezone().strftime("%Y-%m-%d %H:%M") if when else "",
            "note": title.note or (CHANGED if other else ""),
        }
        for title, other in zip(titles, changed, strict=True)
        for made in [title.meta.get("config") or {}]
        for size, when in [size_and_time(title.path)]
    ])  # fmt: skip


def size_and_time(path: Path) -> tuple[int, float]:
    """Bytes of a file and when it was written, seconds; 0 of one that is gone meanwhile."""
    try:
        state = path.stat()
    except OSError:
        return 0, 0.0
    return state.st_size, state.st_mtime


def lenses_of(meta: dict[str, Any]) -> str:
    """How many features of each lens a store has."""
    topics, features = (meta.get("topics") or {}).get("n_features", 0), int(meta.get("n_features") or 0)
    return ", ".join(many(n, noun) for n, noun in ((topics, "topic"), (features, "feature")) if n)


def show_actions(title: StoreTitle, changed: bool) -> None:
    """What can be done with one store."""
    with st.container(border=True, key="store-actions"):
        st.markdown(f"**{plain(title.text)}**")
        if title.error:
            st.warning(plain(title.error), icon=":material/error:")
        if changed:
            st.info("The data file has changed since this store was made: extract it again to see what it holds now. "
                    "This store stays as it is.", icon=":material/update:")  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if not title.error and st.button("Open", icon=":material/open_in_new:", type="primary", key="store-open"):
                open_store(title.key)
            if changed and st.button("Extract again", icon=":material/refresh:", key="store-again"):
                attempt(lambda: extract_again(title))
            if st.button("Delete", icon=":material/delete:", key="store-delete",
                         help="Move it to the trash of the cache, from which it can be brought back."):  # fmt: skip
                attempt(lambda: delete_store(title.path), f"{title.text} is in the trash, at the end of the page.")
        name = st.text_input("Name", title.name, key=f"name-{title.key}", placeholder=title.data, max_chars=100)
        if one_line(name) != title.name:
            attempt(lambda: rename_store(title.path, name))
        st.caption("Where it lies:")
        st.code(shown_path(title.path), language=None, wrap_lines=True)


def extract_again(title: StoreTitle) -> None:
    """Start the extraction that made a store on its data as they are now."""
    made = start(["extract", *arguments(ExtractConfig(**title.meta["config"]))], f"{title.data}, as it is now")
    st.query_params[JOB] = made.id


def show_trash() -> None:
    """The deleted stores, each with its way back."""
    gone = deleted_stores()
    if not gone:
        return
    with st.expander(f"Trash · {many(len(gone), 'store')}", icon=":material/delete:"):
        for title in gone:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{plain(title.text)} · {size_told(title.path.stat().st_size)}", width="content")
                if st.button("Bring back", icon=":material/undo:", key=f"back-{title.key}", type="tertiary"):
                    attempt(lambda title=title: restore_store(title.path))
        st.caption("To free the space, delete this folder:")
        st.code(shown_path(gone[0].path.parent), language=None, wrap_lines=True)


def attempt(act: Callable[[], Any], told: str = "") -> None:
    """Do something, say so, and draw the page anew; what cannot be done has its sentence."""
    try:
        act()
    except SaelectError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if told:
        st.toast(plain(told), icon=":material/delete:")
    st.rerun()
