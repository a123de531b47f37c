"""The map of samples, to look at, to hover over, to click on and to draw a lasso on; drawn by regl-scatterplot."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.matrix.rows import distinct
from core.session.colouring import STEPS, Colouring
from core.session.lasso import lasso_of, lasso_text
from core.session.map_view import ALL, MapView, extent_around, map_view
from core.session.sample_map import SampleMap, areas_of, map_of
from core.session.search import sources
from core.system.shown import many
from pages.parts import address
from pages.parts.clusters import cards_of
from pages.parts.evidence import masked_previews
from pages.parts.figures import CATEGORIES, GREY, SELECTED, scale_colours
from pages.parts.later import later
from pages.parts.sample_list import statuses
from pages.parts.text import cut, whole
from pages.parts.view import View

HERE = Path(__file__).parent / "map_files"
LIBRARY = Path(__file__).parents[2] / "assets" / "regl-scatterplot" / "regl-scatterplot.bundle.min.js"
NAMES = 3  # of an area: the first that no other area on the screen has is shown
TOPICS = 3  # of a sample in its hover card
SCALE = scale_colours(STEPS)
COLOURS = list(dict.fromkeys([GREY, *CATEGORIES, SELECTED, *SCALE]))  # that samples may have


def _read(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


MAP = st.components.v2.component(
    "sample_map",
    html=_read("map.html"),
    css=_read("map.css"),
    js=LIBRARY.read_text(encoding="utf-8") + _read("scatter.js", "density.js", "overlay.js", "registry.js", "main.js"),
    isolate_styles=False,
)
PART = st.components.v2.component("sample_map_part", js=_read("registry.js", "part.js"))


def sample_map(now: View, key: str, colouring: Colouring, title: str, colours: Sequence[str]) -> None:
    """All samples on the map in their colours; the address keeps the lasso that is drawn on it.

    Of more than ALL of them the browser has the density of what is in view, and some of them, the kept ones first. A
    click on a sample puts it into the address as `row`. title: what the colours stand for; colours: those of the
    categories, each one of COLOURS.
    """
    lens = now.spec.lens
    found = map_of(now.session, lens)
    large = len(found.place) > ALL
    with st.container(gap=None, key=f"{key}-map"):
        MAP(
            key=key,
            data={
                "name": key,
                "key": f"{now.session.store.key} {lens}",
                "colours": COLOURS,
                "places": "" if large else _bytes(found.steps()),
                "outside": [] if large else found.outside.tolist(),
                "large": large,
                "outlines": [np.round(lines, 3).ravel().tolist() for lines in found.outlines],
            },
            on_lasso_change=lambda: _chosen(key, lasso=lasso_text(st.session_state[key]["lasso"]) or None),
            on_row_change=lambda: _chosen(key, row=int(st.session_state[key]["row"])),
            on_extent_change=lambda: st.session_state.update({f"{key}-extent": st.session_state[key]["extent"]}),
        )
        shown = {"lasso": lasso_of(address.get("lasso")).tolist(), "row": chosen_row(now)}
        seen = _look(now, key, found, colouring) if large else None
        painted = _painted(colouring, title, colours, None if seen is None else seen.rows)
        points = None if seen is None else _points(found, seen)
        PART(key=f"{key}-paint", data={"name": key, "part": "paint", "points": points, **painted})
        PART(key=f"{key}-shown", data={"name": key, "part": "shown", **shown})
        _card(now, key)
        PART(key=f"{key}-names", data={"name": key, "part": "names", **_named(now, title)})


def _look(now: View, key: str, found: SampleMap, colouring: Colouring) -> MapView:
    """What the browser is sent of a large map: those in a colour where they are few, and the kept ones are drawn before
    all others; and the chosen sample, which is among them when it was clicked on: then nothing is sent again.
    """
    extent = extent_around(st.session_state.get(f"{key}-extent", ()))
    coloured = np.flatnonzero(colouring.code) if colouring.names else np.zeros(0, np.int64)
    parts = [now.selection.rows, coloured if len(coloured) < ALL else ()]
    first = distinct(len(found.place), np.concatenate([np.asarray(part, np.int64) for part in parts]))
    seen = ("map view", now.spec.lens, extent, hash(first.tobytes()))
    view = now.session.remember(seen, lambda: map_view(found, extent, first))
    row = chosen_row(now)
    if row is None or row in view.rows:
        return view
    return now.session.remember(
        (*seen, row), lambda: map_view(found, extent, distinct(len(found.place), np.append(first, row)))
    )


def _points(found: SampleMap, seen: MapView) -> dict[str, Any]:
    """The samples that are drawn, by their rows, and the density of all."""
    return {
        "rows": _bytes(seen.rows.astype(np.uint32)),
        "places": _bytes(found.steps(seen.rows)),
        "outside": np.flatnonzero(np.isin(seen.rows, found.outside)).tolist(),
        "extent": seen.extent,
        "whole": seen.n == len(seen.rows),
        "density": _bytes(seen.density),
        "columns": seen.density.shape[1],
        "note": f"{len(seen.rows):,} of {many(seen.n, 'sample')} here are points; the shading shows where all lie.",
    }


def in_lasso(now: View) -> np.ndarray:
    """The rows in the lasso that the address tells: int64, ascending, none without a lasso."""
    lens, lasso = now.spec.lens, address.get("lasso")
    return now.session.remember(("lasso", lens, lasso), lambda: map_of(now.session, lens).rows_in(lasso))


def chosen_row(now: View) -> int | None:
    """The sample that the address tells, if there is one of that number."""
    return address.number("row", now.session.store.n_samples)


def _chosen(key: str, **what: object) -> None:
    """Note a lasso or a sample in the address, and that all of the page depends on it, not the map alone."""
    address.put(**what)
    st.session_state[f"{key}-chosen"] = True


def was_chosen(key: str) -> bool:
    """Whether this run was asked for by a lasso or a click on the map."""
    return st.session_state.pop(f"{key}-chosen", False)


def _bytes(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _painted(
    colouring: Colouring, title: str, colours: Sequence[str], rows: np.ndarray | None = None
) -> dict[str, Any]:
    """The colours of all samples, or of those that are drawn, and what they stand for."""
    own = [colours[i % len(colours)] for i in range(len(colouring.names))] or SCALE
    code = np.array([COLOURS.index(colour) for colour in (GREY, *own)], np.uint8)
    code = code[colouring.code if rows is None else colouring.code[rows]]
    told = zip([GREY, *own], [colouring.grey, *colouring.names], colouring.counts, strict=False)
    legend = [{"colour": colour, "name": f"{cut(whole(name), 40)} ({n:,})"} for colour, name, n in told if name and n]
    ramp = {"low": f"{colouring.low:,.4g}", "high": f"{colouring.high:,.4g}", "colours": own}
    return {"codes": _bytes(code), "legend": legend, "ramp": None if colouring.names else ramp, "title": title}


def _named(now: View, title: str) -> dict[str, Any]:
    """The names of the areas, those of large ones first, and the map in words."""
    session, lens = now.session, now.spec.lens
    place = map_of(session, lens).place

    def named() -> list[dict[str, Any]]:
        return [
            {"level": level, "size": card.size, "place": np.round(place[card.central], 4).tolist(),
             "names": [cut(whole(name), 36) for name in card.names[:NAMES]]}
            for level, found in enumerate(areas_of(session, lens))
            for card in cards_of(now, found, (), "map", lens, found.k)
        ]  # fmt: skip

    areas = later(session, ("area names", lens, now.state.version), named, "The areas of the map are named") or []
    told = f"{many(len(place), 'sample')} on the map, coloured by {title}."
    return {"areas": areas, "told": f"{told} Areas: {in_words(areas)}." if areas else told}


def in_words(areas: Sequence[dict[str, Any]]) -> str:
    """The areas of the whole map with their sizes; each by the first of its names that none before it has."""
    told: dict[str, int] = {}
    for area in areas:
        name = next((name for name in area["names"] if name not in told), "")
        if name and not area["level"]:
            told[name] = area["size"]
    return "; ".join(f"{name}, {size:,}" for name, size in told.items())


@st.fragment
def _card(now: View, key: str) -> None:
    """The card of the sample under the pointer, which is asked for when the pointer rests on it."""
    row = st.session_state.get(f"{key}-card", {}).get("under")
    PART(
        key=f"{key}-card",
        data={"name": key, "part": "hover", "row": row, "lines": [] if row is None else _lines(now, int(row))},
        on_under_change=lambda: None,
    )


def _lines(now: View, row: int) -> list[dict[str, str]]:
    """First lines, source, length and topics of a sample."""
    prompt, response = (cut(whole(text).strip(), 140) for text in masked_previews(now.session, np.array([row]))[0])
    source = sources(now.session)[row]
    facts = [f"row {row:,}", *([cut(whole(str(source)), 40)] if source else [])]
    facts.append(many(int(now.session.info.tokens[row]), "token"))
    facts.append(str(statuses(now, np.array([row]))[0]))
    features = now.matrix.row(row)
    values = now.matrix.value[now.matrix.indptr[row] : now.matrix.indptr[row + 1]]
    strongest = features[np.argsort(-values, kind="stable")[:TOPICS]]
    topics = "; ".join(cut(whole(now.label(int(f))), 40) for f in strongest)
    lines = [("prompt", prompt), ("response", response), ("facts", " · ".join(facts)), ("topics", topics)]
    return [{"kind": kind, "text": text} for kind, text in lines if text]
