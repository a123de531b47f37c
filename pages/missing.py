"""Missing: what this data lacks against a reference, the reference's samples that show it, and candidates for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.features.kinds import meaning_first, rest_told
from core.studies.health.personal import covered
from core.studies.missing.lacking import FAR, LEAST, Missing
from core.studies.missing.listed import FORMATS, listed, written
from core.studies.missing.sides import OF, Sides, names_of, references, study
from pages.parts import rendered
from pages.parts.candidates import candidates, turns_html, write_form
from pages.parts.choices import choose
from pages.parts.tables import FACES, clickable
from pages.parts.text import cut, plain, whole
from pages.parts.view import header, metrics

LISTED, CHARACTERS, TALLEST = 500, 1500, 560  # lines of the table; of a turn; pixels of table and examples
LEAD = {
    "topics": "What to collect next: the topics that another data set, or a group of samples, has, and this lacks.",
    "tokens": "What to collect next: the features that another data set, or a group of samples, has, and this lacks.",
}
KINDS = {"csv": "text/csv", "jsonl": "application/x-ndjson"}
TITLES = {"csv": "CSV", "jsonl": "JSON Lines"}


def ask(known: dict[str, str]) -> tuple[str, str]:
    """The reference, and what is asked about."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        name = choose(
            "Reference", "against", known, "Another data set of the same model and SAE, a set, a tag or a source."
        )
    about = right.segmented_control("What may lack something", OF, default=OF[0], required=True, key="about",
                                    bind="query-params", help="All samples, or those kept.")  # fmt: skip
    return name, about


def show(name: str, about: str) -> None:
    """What is missing, or why that cannot be said."""
    try:
        sides, found = study(now.session, now.spec, now.state, name, about)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    names = names_of(now.session, sides, now.state, now.spec.lens)
    rows = listed(found, names, now.spec.lens)
    show_figures(found)
    if not rows:
        st.info(f"No {now.noun} of the reference is missing or far rarer here.", icon=":material/check:")
    else:
        shown = first_meaning(rows, sides)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            chosen = show_table(shown)
            download(rows, sides)
        with right:
            show_examples(chosen, sides)
        write_form(now, sides, found, names, name, about, [row[now.noun] for row in shown])
    candidates(now)


def show_figures(found: Missing) -> None:
    """How much of the reference is here."""
    metrics(
        (f"The reference's {now.noun}s here", f"{found.covered:.1%}", f"of {found.n_features:,}"),
        ("By how often they occur", f"{found.covered_weight:.1%}", f"in its {found.n_there:,} samples"),
        ("Missing or far rarer", f"{len(found.feature):,}", f"{now.noun}s, in {found.n_here:,} samples"),
    )


def first_meaning(rows: list[dict[str, Any]], sides: Sides) -> list[dict[str, Any]]:
    """The rows of features that stand for something; all of them if that is asked for or there are no others."""
    kinds = sides.store.kinds() | now.kinds if now.spec.lens == "tokens" else {}
    first, rest = meaning_first((row[now.noun] for row in rows), kinds)
    if not rest or st.toggle(f"Also {rest_told(rest).removeprefix('and ')}", not first, key="wording"):
        return rows
    return [row for row in rows if row[now.noun] in set(first)]


def show_table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The features, the one that most is lacking of first; the row that was clicked, else the first."""
    frame = pd.DataFrame(
        {
            now.noun: [row[now.noun] for row in rows[:LISTED]],
            FACES[now.spec.lens]: [whole(row["name"]) for row in rows[:LISTED]],
            "here": [100 * row["share_here"] for row in rows[:LISTED]],
            "there": [100 * row["share_there"] for row in rows[:LISTED]],
            "samples there": [row["there"] for row in rows[:LISTED]],
            "to collect": [row["add"] for row in rows[:LISTED]],
        }
    )
    share = st.column_config.NumberColumn(format="%.1f %%", help="of its samples have it")
    formats = {"here": share, "there": share, FACES[now.spec.lens]: st.column_config.TextColumn(width=260),
               "to collect": st.column_config.NumberColumn(help="as many more have it at the reference's share"),
               "samples there": "%d"}  # fmt: skip
    chosen = clickable(frame, "missing-table", TALLEST, formats=formats)
    st.caption(
        f"Far rarer: at most {FAR:.0%} of the reference's share. Listed is what at least {LEAST} of its samples have."
    )
    return rows[chosen[0] if chosen else 0]


def show_examples(row: dict[str, Any], sides: Sides) -> None:
    """What to collect of a feature, and the samples of the reference that have it most."""
    st.subheader(plain(whole(row["name"]) or f"{now.noun.capitalize()} {row[now.noun]}"), anchor=False)
    st.write(plain(whole(row["collect"])))
    texts = "".join(sample_html(sides, at) for at in row["rows"])
    st.html(
        f"<style>{rendered.STYLE}</style><div class='sample' tabindex='0' role='region' aria-label='Examples' "
        f"style='max-height:{TALLEST}px;overflow:auto'>{texts}</div>"
    )


def sample_html(sides: Sides, row: int) -> str:
    """The beginnings of a sample's turns."""
    (sample,) = sides.store.samples([row])
    turns = turns_html((turn.role, cut(covered(turn.content), CHARACTERS)) for turn in sample.messages)
    return f"<div class='who'>Row {row:,} of the reference</div>{turns}"


def download(rows: Sequence[dict[str, Any]], sides: Sides) -> None:
    """The whole list as a file, as the command writes it."""
    with st.container(horizontal=True):
        for format in FORMATS:
            st.download_button(f"The list as {TITLES[format]}",
                               lambda format=format: written(list(rows), format, sides.store), f"missing.{format}",
                               KINDS[format], on_click="ignore", icon=":material/download:",
                               key=f"missing-{format}")  # fmt: skip


now = header("Missing", LEAD)
if known := references(now.session, now.state, now.spec.lens):
    show(*ask(known))
else:
    st.info("There is nothing to compare with yet: read a second data set with the same model, or save a set of those "
            "samples that you would like more of.", icon=":material/compare:")  # fmt: skip
    with st.container(horizontal=True):
        st.page_link("pages/data.py", label="Read another data set", icon=":material/database:")
        st.page_link("pages/search.py", label="Search samples for a set", icon=":material/search:")
