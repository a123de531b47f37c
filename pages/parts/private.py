"""Personal data in texts that are shown: masked, but for its first letters, until a person asks to see a sample's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import streamlit as st

from core.schema import Sample
from core.studies.health.finding import texts_of
from core.studies.health.personal import masked, personal_data, personal_in
from core.studies.health.places import hidden
from pages.parts.view import View

OPEN = "personal-data-shown"  # where the samples stand that a person asked to see: (store, row)


def covered(text: str) -> str:
    """A text with its personal data masked, to the character as long as before."""
    return masked(text, tuple((start, stop) for _, start, stop in personal_in(text)))


def covered_pieces(pieces: Sequence[str]) -> list[str]:
    """The pieces that a text is cut into, masked: what is personal may run over several of them."""
    text, ends = covered("".join(pieces)), [0]
    for piece in pieces:
        ends.append(ends[-1] + len(piece))
    return [text[start:stop] for start, stop in pairwise(ends)]


def covered_sample(sample: Sample) -> Sample:
    """The sample with its personal data masked; the same where it has none."""
    seen = personal_data(texts_of(sample))
    return hidden(sample, seen) if seen else sample


def is_open(now: View, row: int) -> bool:
    """Whether a person asked to see the personal data of a sample."""
    return (now.session.store.key, row) in st.session_state.get(OPEN, ())


def offer(now: View, row: int, key: str) -> None:
    """The button that shows the personal data of a sample, for as long as the tab is open."""
    asked = {*st.session_state.get(OPEN, ()), (now.session.store.key, row)}
    st.button(
        "Show personal data", icon=":material/visibility:", key=f"{key}-personal", type="tertiary",
        help="Mail addresses, telephone numbers and the like are masked here.",
        on_click=st.session_state.update, args=({OPEN: asked},),
    )  # fmt: skip
