"""Keys that press the buttons of a panel, and the scrolling of its text to the first match: both in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

HELP = """
| Key | |
|---|---|
| **j**, **k** | next, previous sample |
| **p** | pin, or lift the pin |
| **b** | ban, or lift the ban |
| **t** | tag |
| **/** | search |
| **?** | these keys |
"""

_panel = st.components.v2.component("panel", js=Path(__file__).with_suffix(".js").read_text("utf-8"))


def listen(panel: str, row: int, keys: Mapping[str, Sequence[str]]) -> None:
    """Let each key press the first of the buttons of these Streamlit keys that is there, in the panel of that key.

    row: of the panel's sample; once it is another one, its text is scrolled to the first match.
    """
    _panel(key=f"{panel}-keys", data={"panel": panel, "row": row, "keys": {key: list(of) for key, of in keys.items()}})
