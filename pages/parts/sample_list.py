"""A list of samples: one click anywhere on a row opens it, one on a heading sorts by its column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.matrix.rows import among
from core.matrix.statistics import in_order
from core.session.cut import READ, readings
from core.session.matches import snippets
from core.session.search import languages_told_apart, texts
from core.store.queries import alphabetic
from core.studies.health.personal import covered_pieces
from core.system.shown import many
from core.topics.language import language_name
from pages.parts.address import put
from pages.parts.evidence import Evidence, masked_previews
from pages.parts.text import cut, harmless, whole
from pages.parts.view import View

LISTED = 100  # rows shown at a time
BEGINNINGS = ("prompt", "response")  # the texts that a list is sorted by
FORMAT = "%.3g"  # of a number that is not whole, unless another is given
FILES = Path(__file__).parent

_list = st.components.v2.component(
    "sample_list",
    html="<div class='list'><table><thead></thead><tbody></tbody></table></div>",
    css=(FILES / "sample_list.css").read_text("utf-8"),
    js=(FILES / "sample_list.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Steps:
    """The way from the chosen sample of a list, if there is one, to the others; the address has it as `name`."""

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # in the order of the list
    place: int | None = None  # of the chosen one among them
    name: str = "row"

    def to(self, by: int) -> Callable[[], None] | None:
        """What shows the sample that stands so many places further; None where there is none."""
        there = self.place is not None and 0 <= self.place + by < len(self.rows)
        return partial(self.show, int(self.rows[self.place + by])) if there else None

    def after(self, row: int | None, by: int) -> int | None:
        """The row so many places further, at most the last; the first where none is chosen, or one beyond the list."""
        at = np.flatnonzero(self.rows == row)
        if not len(self.rows):
            return row
        return int(self.rows[np.clip(at[0] + by, 0, len(self.rows) - 1) if len(at) else 0])

    def show(self, row: int) -> None:
        """Choose a sample."""
        put(**{self.name: row})


class Samples:
    """Rows to list, in the order asked for, with what is known of each.

    more: further columns, one value a row; find: what is marked in the texts; evidence: what a check saw in them, which
    is then shown instead of the response. sort: a column such as tokens, or -tokens for the largest first, anything
    else for the rows as they come.
    """

    def __init__(
        self, now: View, rows: Sequence[int] | np.ndarray, more: Mapping[str, Any] | None = None,
        find: str = "", regex: bool = False, evidence: Evidence | None = None, sort: str = "",
    ) -> None:  # fmt: skip
        self.now, self.find, self.regex, self.evidence, self.sort = now, find, regex, evidence, sort
        rows = np.asarray(rows, np.int64)
        read = readings(now.session)[rows]
        columns: dict[str, np.ndarray] = {
            "row": rows,
            **{name: np.asarray(values) for name, values in (more or {}).items()},
            "tokens": now.session.info.tokens[rows],
            **({"read": np.array(READ)[read]} if read.any() else {}),
            **(
                {"language": np.array([language_name(code) if code else "" for code in spoken[rows]])}
                if (spoken := languages_told_apart(now.session)) is not None
                else {}
            ),
        }
        order = sorted_by(now, columns, sort)
        self.columns = {name: values[order] for name, values in columns.items()}
        self.rows = rows[order]
        self.texts = ("prompt", evidence.title if evidence else "match" if find else "response")

    def read(self, at: slice) -> list[tuple[str, str | list[str]]]:
        """Of some of the rows: the beginning of the prompt, and that of the response; where something is looked for,
        instead of it what stands before its first place, what was found, and what comes after.
        """
        if self.evidence:
            return [self.evidence.line(sample) for sample in self.now.session.store.samples(self.rows[at])]
        begun = [
            (harmless(prompt), harmless(response))
            for prompt, response in masked_previews(self.now.session, self.rows[at])
        ]
        if not self.find:
            return begun
        found = snippets(texts(self.now.session).take(self.rows[at]), self.find, self.regex)
        return [
            (prompt, list(map(harmless, covered_pieces(parts))))
            for (prompt, _), parts in zip(begun, found, strict=True)
        ]

    def heads(self) -> list[dict[str, Any]]:
        """The headings as the component draws them; what was found cannot be sorted by."""
        return [
            {"name": whole(name), "long": name in self.texts, "sorted": direction(name, self.sort),
             "sortable": name in self.columns or name in BEGINNINGS,
             "numeric": name in self.columns and self.columns[name].dtype.kind in "iuf"}
            for name in (*self.columns, *self.texts)
        ]  # fmt: skip


def sorted_by(now: View, columns: Mapping[str, np.ndarray], sort: str) -> np.ndarray:
    """The places of the rows in the order asked for."""
    name, falling = sort.removeprefix("-"), sort.startswith("-")
    if name in columns:
        return in_order(columns[name], falling)
    if name in BEGINNINGS:
        response = BEGINNINGS.index(name) == 1
        ranks = now.session.remember(("rank", name), lambda: alphabetic(now.session.store, response))
        return in_order(ranks[columns["row"]], falling)
    return np.arange(len(columns["row"]))


def statuses(now: View, rows: np.ndarray) -> np.ndarray:
    """What became of each sample: pinned, which is kept too, kept, banned or left out."""
    told = (("pinned", now.state.pins), ("kept", now.selection.rows), ("banned", now.state.bans))
    holds = [among(now.session.store.n_samples, of)[rows] for _, of in told]
    return np.select(holds, [name for name, _ in told], "left out")


def n_kept(now: View, rows: np.ndarray) -> int:
    """How many of the samples are kept, the pinned ones among them."""
    return int(np.isin(rows, now.selection.rows).sum())


def sample_list(
    samples: Samples, key: str, name: str, chosen: int | None, formats: Mapping[str, str] | None = None,
    height: int = 620,
) -> Steps:  # fmt: skip
    """Draw the samples, at most LISTED of them: those around the chosen one, which is marked.

    A click on a row puts it into the address as `name`, one on a heading what it sorts by as `name`-sort. Gives the
    steps from the chosen one to the others.
    """
    rows, names = samples.rows, [*samples.columns, *samples.texts]
    place = next(iter(np.flatnonzero(rows == chosen).tolist()), None)
    first = (place or 0) // LISTED * LISTED
    at = slice(first, min(first + LISTED, len(rows)))
    told = [shown(values[at], (formats or {}).get(column)) for column, values in samples.columns.items()]
    cells = [[*known, *read] for *known, read in zip(*told, samples.read(at), strict=True)]
    data = {"columns": samples.heads(), "rows": cells, "opens": rows[at].tolist()}
    _list(
        key=key, data={**data, "chosen": -1 if chosen is None else chosen, "height": height},
        on_open_change=lambda: put(**{name: st.session_state[key]["open"]}),
        on_sort_change=lambda: put(**{f"{name}-sort": next_sort(names[st.session_state[key]["sort"]], samples.sort)}),
    )  # fmt: skip
    if len(rows) > LISTED:
        st.caption(f"{first + 1:,} to {at.stop:,} of {many(len(rows), 'sample')}. Click a heading to sort them all.")
    return Steps(rows, place, name)


def direction(name: str, sort: str) -> str:
    """How a column is sorted."""
    return {name: "ascending", f"-{name}": "descending"}.get(sort, "")


def next_sort(name: str, sort: str) -> str | None:
    """What a click on a column's heading sorts by: ascending, then descending, then as the rows came."""
    return {name: f"-{name}", f"-{name}": None}.get(sort, name)


def shown(values: np.ndarray, form: str | None) -> list[str]:
    """Values of a column as text."""
    if values.dtype.kind == "b":
        return ["✓" if value else "" for value in values.tolist()]
    if values.dtype.kind in "iu" and form is None:
        return [f"{value:,}" for value in values.tolist()]
    if values.dtype.kind in "iuf":
        return ["" if np.isnan(value) else (form or FORMAT) % value for value in values.tolist()]
    return [harmless(cut(str(value), 200)) for value in values.tolist()]
