"""Groups of samples side by side: a list of each, where they lie on the map, and the chosen sample to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.session.colouring import Colouring, categories
from core.system.shown import many
from pages.parts.actions import action_bar
from pages.parts.address import get, put
from pages.parts.figures import CATEGORIES, SELECTED
from pages.parts.sample_list import LISTED, Samples, sample_list
from pages.parts.sample_map import chosen_row, in_lasso, sample_map
from pages.parts.sample_panel import Steps, sample_panel
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
    """A list of each group with what can be done with all of it; gives the steps around the chosen row."""
    steps: Steps = ()
    for place, (column, side) in enumerate(zip(st.columns(len(sides), gap="large"), sides, strict=True)):
        with column:
            name = plain(side.name[:1].upper() + side.name[1:])
            st.subheader(f"{name}: {many(len(side.listed), 'sample')}{told}", anchor=False)
            action_bar(now, side.listed, f"{key}-{place}", whole(side.name))
            if len(side.listed):
                steps = list_of(now, side.listed, f"{key}-{place}", row) or steps
    return steps


def list_of(now: View, rows: np.ndarray, key: str, row: int | None) -> Steps:
    """A list, at the part that holds the chosen row; gives the steps to the rows around it, none if it is not there."""
    samples, sort = Samples(now, rows), get("row-sort")
    order = samples.order(sort)
    shown = samples.rows[order]
    place = next(iter(np.flatnonzero(shown == row).tolist()), None)
    first = (place or 0) // LISTED * LISTED
    sample_list(
        samples, order[first : first + LISTED], f"{key}-list", -1 if row is None else row, sort,
        lambda opened: put(row=opened), lambda by: put(**{"row-sort": by}), height=HEIGHT,
    )  # fmt: skip
    if len(shown) > LISTED:
        last = min(first + LISTED, len(shown))
        st.caption(f"{first + 1:,} to {last:,} of {many(len(shown), 'sample')}. Click a heading to sort them all.")
    if place is None:
        return ()
    return [partial(put, row=int(shown[at])) if 0 <= at < len(shown) else None for at in (place - 1, place + 1)]


def coloured(sides: Sequence[Side], n: int) -> Colouring:
    """Each group as a category of n samples, and what is in both as one of its own."""
    parts = [(whole(side.name), side.rows) for side in sides]
    both = np.intersect1d(*(side.rows for side in sides)) if len(sides) == 2 else ()
    return categories([*parts, ("both", both)] if len(both) else parts, n)
