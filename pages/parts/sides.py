"""Groups of samples side by side: a list of each, where they lie on the map, and the chosen sample to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.matrix.rows import among
from core.session.colouring import Colouring, categories
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.address import get
from pages.parts.figures import CATEGORIES, SELECTED
from pages.parts.sample_list import Samples, Steps, sample_list
from pages.parts.sample_map import chosen_row, in_lasso, sample_map
from pages.parts.sample_panel import sample_panel
from pages.parts.text import plain, whole
from pages.parts.view import View

COLOURS = (SELECTED, CATEGORIES[0], CATEGORIES[2])  # of the first, of the second, of samples in both
HEIGHT = 300  # of a list, in pixels


@dataclass(frozen=True)
class Side:
    """A group: its name, which is also that of a set made of it; its rows int64; and those of them that are listed."""

    name: str
    rows: np.ndarray
    listed: np.ndarray


def show_sides(now: View, sides: Sequence[Side], key: str, title: str, has: Sequence[int] = ()) -> None:
    """The lists side by side; below them the map with each group in a colour, and the sample that was clicked.

    title: what the colours stand for; has: features that all listed samples have, marked in the tokens of the one read.
    """
    listed = np.concatenate([side.listed for side in sides])
    row = chosen_row(now)
    row = int(listed[0]) if row is None and len(listed) else row
    lists, below = st.container(), st.container()  # the map keeps its place whatever is listed
    with lists:
        steps = show_lists(now, sides, key, row, " with it" if has else "")
    left, right = below.columns([3, 2], gap="medium")
    with left:
        sample_map(now, f"{key}-places", coloured(sides, now.session.store.n_samples), title, COLOURS)
        inside = in_lasso(now)
        if len(inside):
            action_bar(now, inside, f"{key}-lasso", "lasso")
    if row is not None:
        with right:
            sample_panel(now, row, key, has=has, steps=steps)


def show_lists(now: View, sides: Sequence[Side], key: str, row: int | None, told: str) -> Steps:
    """A list of each group with what can be done with all of it; gives the steps around the chosen row.

    A group without samples to list is told, and leaves its room to the other.
    """
    steps = Steps()
    titles = [f"{plain(side.name[:1].upper() + side.name[1:])}: {many(len(side.listed), 'sample')}" for side in sides]
    for title in (title for title, side in zip(titles, sides, strict=True) if not len(side.listed)):
        st.caption(f"{title}{told}.")
    shown = [place for place, side in enumerate(sides) if len(side.listed)]
    for place, column in zip(shown, st.columns(len(shown), gap="large") if shown else (), strict=True):
        with column:
            st.subheader(titles[place] + told, anchor=False)
            action_bar(now, sides[place].listed, f"{key}-{place}", whole(sides[place].name))
            samples = Samples(now, sides[place].listed, sort=get("row-sort"))
            own = sample_list(samples, f"{key}-{place}-list", "row", row, height=HEIGHT)
            steps = steps if own.place is None else own
    return steps


def coloured(sides: Sequence[Side], n: int) -> Colouring:
    """Each group as a category of n samples, and what is in both as one of its own."""
    parts = [(whole(side.name), side.rows) for side in sides]
    both = np.flatnonzero(among(n, sides[0].rows) & among(n, sides[1].rows)) if len(sides) == 2 else ()
    return categories([*parts, ("both", both)] if len(both) else parts, n)
