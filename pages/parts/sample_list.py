"""A list of samples: one click anywhere on a row opens it, one on a heading sorts by its column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.matrix.statistics import in_order
from core.session.cut import READ, readings
from core.session.matches import snippets
from core.session.search import texts
from pages.parts.evidence import Evidence
from pages.parts.text import cut, harmless
from pages.parts.view import View, previews

LISTED = 200  # rows shown at a time
BEGINNINGS = ("prompt", "response")  # the texts that a list is sorted by
FORMAT = {"f": "%.3g", "i": "%d", "u": "%d"}  # of a number, unless another is given
FILES = Path(__file__).parent

_list = st.components.v2.component(
    "sample_list",
    html="<div class='list'><table><thead></thead><tbody></tbody></table></div>",
    css=(FILES / "sample_list.css").read_text("utf-8"),
    js=(FILES / "sample_list.js").read_text("utf-8"),
)


class Samples:
    """Rows to list, with what is known of each; `more` has further columns, one value a row, `find` what is marked.

    evidence: what a check saw in them, which is then shown instead of the response.
    """

    def __init__(
        self, now: View, rows: Sequence[int] | np.ndarray, more: Mapping[str, Any] | None = None,
        find: str = "", regex: bool = False, evidence: Evidence | None = None,
    ) -> None:  # fmt: skip
        self.now, self.rows, self.find, self.regex = now, np.asarray(rows, np.int64), find, regex
        self.evidence = evidence
        read = readings(now.session)[self.rows]
        self.columns: dict[str, np.ndarray] = {
            "row": self.rows,
            **{name: np.asarray(values) for name, values in (more or {}).items()},
            "tokens": now.session.info.tokens[self.rows],
            **({"read": np.array(READ)[read]} if read.any() else {}),
        }
        self.texts = ("prompt", evidence.title if evidence else "match" if find else "response")

    def read(self, at: np.ndarray) -> list[tuple[str, str | list[str]]]:
        """Of some places of `rows`: the beginning of the prompt, and that of the response; where something is looked
        for, instead of it what stands before its first place, what was found, and what comes after.
        """
        if self.evidence:
            return [self.evidence.line(sample) for sample in self.now.session.store.samples(self.rows[at])]
        begun = [
            (harmless(prompt), harmless(response))
            for prompt, response in self.now.session.store.previews(self.rows[at])
        ]
        if not self.find:
            return begun
        found = snippets(texts(self.now.session).take(self.rows[at]), self.find, self.regex)
        return [(prompt, list(map(harmless, parts))) for (prompt, _), parts in zip(begun, found, strict=True)]

    def order(self, sort: str) -> np.ndarray:
        """The places of `rows` sorted by a column such as tokens, or -tokens for the largest first."""
        name = sort.removeprefix("-")
        if name in self.columns:
            return in_order(self.columns[name], sort.startswith("-"))
        if name in BEGINNINGS:
            begun = previews(self.now.session)
            keys = np.array([begun[row][BEGINNINGS.index(name)] for row in self.rows.tolist()])
            return in_order(keys, sort.startswith("-"))
        return np.arange(len(self.rows))


def statuses(now: View, rows: np.ndarray) -> np.ndarray:
    """What became of each sample: kept, banned or left out."""
    kept, bans = np.isin(rows, now.selection.rows), np.isin(rows, now.state.bans)
    return np.where(kept, "kept", np.where(bans, "banned", "left out"))


def sample_list(
    samples: Samples, at: np.ndarray, key: str, chosen: int, sort: str,
    open_row: Callable[[int], None], sort_by: Callable[[str | None], None],
    formats: Mapping[str, str] | None = None, height: int = 620,
) -> None:  # fmt: skip
    """Draw the samples at some places of `rows`, at most LISTED, in their order, the chosen one marked.

    open_row and sort_by are called on a click on a row and on a heading.
    """
    told = [shown(values[at], (formats or {}).get(name)) for name, values in samples.columns.items()]
    rows = [[*first, *read] for *first, read in zip(*told, samples.read(at), strict=True)]
    names = [*samples.columns, *samples.texts]
    heads = [
        {"name": name, "long": name in samples.texts, "sorted": direction(name, sort),
         "numeric": name in samples.columns and samples.columns[name].dtype.kind in "iuf"}
        for name in names
    ]  # fmt: skip
    data = {"columns": heads, "rows": rows, "opens": samples.rows[at].tolist()}

    def opened() -> None:
        open_row(st.session_state[key]["open"])

    def sorted_by() -> None:
        sort_by(next_sort(names[st.session_state[key]["sort"]], sort))

    _list(key=key, data={**data, "chosen": chosen, "height": height}, on_open_change=opened, on_sort_change=sorted_by)


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
        return ["" if np.isnan(value) else (form or FORMAT[values.dtype.kind]) % value for value in values.tolist()]
    return [harmless(cut(str(value), 200)) for value in values.tolist()]
