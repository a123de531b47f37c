"""What the pages Refinement and Proof share: how a run is begun, and what fine-tuning takes."""

from __future__ import annotations

import streamlit as st

from core.errors import ModelError
from core.lm.fine_tuning import require_training
from pages.parts.text import plain


def what_is_missing() -> None:
    """What to install before something can be fine-tuned; what is there can be looked at without it."""
    try:
        require_training()
    except ModelError as error:
        st.info(plain(f"{error} What has been run is shown all the same."), icon=":material/download:")


def how_to_begin(told: str, command: str, icon: str) -> None:
    """What a run is good for, and the command that begins one."""
    st.info(f"{told} Type this in a terminal, then reload:", icon=icon)
    st.code(command, language=None, wrap_lines=True)
