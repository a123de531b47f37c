"""What the pages Refinement and Proof share: which run is looked at, and what making new ones takes."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import ModelError
from core.lm.fine_tuning import require_training
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from pages.parts.text import plain


def store_path(store: FeatureStore) -> str:
    """The store as the command line takes it."""
    return f"cache/{store.path.name}" if store.path.parent == cache_dir() else str(store.path)


def what_is_missing() -> None:
    """What to install before something can be fine-tuned; what is there can be looked at without it."""
    try:
        require_training()
    except ModelError as error:
        st.info(plain(f"{error} What has been run is shown all the same."), icon=":material/download:")


def many(n: int, what: str) -> str:
    """A number of things: 1 sample, 2 samples."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def pick(label: str, parameter: str, titles: Mapping[str, str]) -> str:
    """One of the names, by their titles; in the address stands the name alone, as a title changes while a run grows."""
    asked, key = st.query_params.get(parameter), f"pick-{parameter}"
    if st.session_state.get(key) not in titles:
        st.session_state[key] = asked if asked in titles else next(iter(titles))
    name = st.selectbox(label, list(titles), format_func=lambda n: titles[n], key=key)
    if asked != name:
        st.query_params[parameter] = name
    return name
