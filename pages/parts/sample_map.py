"""The map of samples, to look at, to hover over, to click on and to draw a lasso on; drawn by regl-scatterplot."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core.session.colouring import STEPS, Colouring
from core.session.lasso import lasso_of, lasso_text
from core.session.sample_map import areas_of, map_of
from core.session.search import sources
from core.system.shown import many
from pages.parts import address
from pages.parts.clusters import cards_of
from pages.parts.evidence import masked_previews
from pages.parts.figures import CATEGORIES, GREY, SELECTED, scale_colours
from pages.parts.later import later
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
    js=LIBRARY.read_text(encoding="utf-8") + _read("scatter.js", "overlay.js", "registry.js", "main.js"),
    isolate_styles=False,
)
PART = st.components.v2.component("sample_map_part", js=_read("registry.js", "part.js"))


def sample_map(now: View, key: str, colouring: Colouring, title: str, colours: Sequence[str]) -> None:
    """All samples on the map in their colours; the address keeps the lasso that is drawn on it.

    A click on a sample puts it into the address as `row`. title: what the colours stand for; colours: those of the
    categories, each one of COLOURS.
    """
    lens = now.spec.lens
    found = map_of(now.session, lens)
    with st.container(gap=None, key=f"{key}-map"):
        MAP(
            key=key,
            data={
                "name": key,
                "key": f"{now.session.store.key} {lens}",
                "colours": COLOURS,
                "places": _bytes(found.steps()),
                "outside": found.outside.tolist(),
                "outlines": [np.round(lines, 3).ravel().tolist() for lines in found.outlines],
            },
            on_lasso_change=lambda: _chosen(key, lasso=lasso_text(st.session_state[key]["lasso"]) or None),
            on_row_change=lambda: _chosen(key, row=int(st.session_state[key]["row"])),
        )
        shown = {"lasso": lasso_of(address.get("lasso")).tolist(), "row": chosen_row(now)}
        PART(key=f"{key}-paint", data={"name": key, "part": "paint", **_painted(colouring, title, colours), **shown})
        _card(now, key)
        PART(key=f"{key}-names", data={"name": key, "part": "names", **_named(now, title)})


def in_lasso(now: View) -> np.ndarray:
    """The rows in the lasso that the address tells: int64, ascending, none without a lasso."""
    return map_of(now.session, now.spec.lens).rows_in(address.get("lasso"))


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


def _painted(colouring: Colouring, title: str, colours: Sequence[str]) -> dict[str, Any]:
    """The colours of all samples, and what they stand for."""
    own = [colours[i % len(colours)] for i in range(len(colouring.names))] or SCALE
    code = np.array([COLOURS.index(colour) for colour in (GREY, *own)], np.uint8)[colouring.code]
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
    first = "; ".join(f"{area['names'][0]}, {area['size']:,}" for area in areas if not area["level"] and area["names"])
    told = f"{many(len(place), 'sample')} on the map, coloured by {title}."
    return {"areas": areas, "told": f"{told} Areas: {first}." if areas else told}


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
    facts.append("kept" if row in now.selection.rows else "left out")
    features = now.matrix.row(row)
    values = now.matrix.value[now.matrix.indptr[row] : now.matrix.indptr[row + 1]]
    strongest = features[np.argsort(-values, kind="stable")[:TOPICS]]
    topics = "; ".join(cut(whole(now.label(int(f))), 40) for f in strongest)
    lines = [("prompt", prompt), ("response", response), ("facts", " · ".join(facts)), ("topics", topics)]
    return [{"kind": kind, "text": text} for kind, text in lines if text]
