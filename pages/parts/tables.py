"""Tables whose rows lead somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.view import View, previews


def samples_table(now: View, rows: Sequence[int], key: str, **columns: Sequence[Any]) -> int | None:
    """A table of samples; gives the row of the sample that was clicked, or None."""
    import pandas as pd

    texts, info = previews(now.session.store.path), now.session.info
    rows = np.asarray(rows, dtype=int)
    frame = pd.DataFrame(
        {
            **columns,
            "row": rows,
            "prompt": [texts[r][0] for r in rows],
            "response": [texts[r][1] for r in rows],
            "response tokens": info.response_tokens[rows],
        }
    )
    event = st.dataframe(frame, key=key, hide_index=True, on_select="rerun", selection_mode="single-row", height=320)
    chosen = event["selection"]["rows"]
    return int(rows[chosen[0]]) if chosen and chosen[0] < len(rows) else None
