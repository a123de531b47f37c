"""Candidates for what is missing: the form that has them written by a model, and those that were accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from core.errors import SaelectError
from core.lm.endpoint import Endpoint
from core.settings import arguments, typed
from core.store.meta import data_named
from core.studies.missing.candidates import FIRST, TRIES, Task, estimate, wanted_of
from core.studies.missing.kept_candidates import ANSWER, candidates_file, read_candidates
from core.studies.missing.lacking import Missing
from core.studies.missing.sides import Sides
from core.system.shown import many
from pages.parts import rendered
from pages.parts.sample_panel import SPEAKERS
from pages.parts.settings_form import MORE, ask
from pages.parts.start import KEYS, Asked, start_form
from pages.parts.tables import clickable
from pages.parts.text import cut, escape, plain, whole
from pages.parts.view import View

BEGINNING = 160  # characters of a prompt and of an answer


def write_form(
    now: View, sides: Sides, found: Missing, names: Mapping[int, str], name: str, about: str, first: Sequence[int]
) -> None:
    """Have candidates for missing features written, at first for the first of `first`."""

    store = now.session.store

    def asked() -> Asked:
        given = ask(Endpoint, ("model", "base_url"), "missing", beside=2)
        left, right = st.columns(2, vertical_alignment="bottom")
        features = left.text_input(f"{now.noun.capitalize()}s", ", ".join(map(str, first[:FIRST])),
                                   key=f"missing-features-{name}-{about}-{now.spec.lens}",
                                   help="Their numbers, separated by commas.")  # fmt: skip
        each = int(right.number_input("Candidates each", 1, 1000, 5, key="missing-each"))
        with st.expander(MORE, key="missing-more"):
            given |= ask(Endpoint, ("timeout", "retries", "workers"), "missing", beside=3)
        task = Task(wanted_of(found, names, sides.store, features), each, now.spec, name)
        endpoint = Endpoint.given(**given, answer_tokens=ANSWER)
        told = ["missing", "--store", store.key, "--against", name, "--of", about]
        told += [*arguments(now.spec), *typed(Endpoint, given), "--write", str(each), "--features", features, "--yes"]
        kept = f"A candidate is kept if the {now.noun} fires in it; each is tried {TRIES} times at most."
        costs = [estimate(task, endpoint).told(endpoint), kept, KEYS]
        title = f"Candidates for {many(len(task.wanted), now.noun)} missing in {data_named(store.meta)}"
        return Asked(told, title, costs)

    start_form("missing", [store.key], asked, "Have candidates written by a model", expanded=False)


def candidates(now: View) -> None:
    """The candidates that were accepted, as a list and as their file."""
    path = candidates_file(now.session.store.key, now.spec.lens)
    try:
        kept = read_candidates(path)
    except SaelectError as error:
        st.warning(plain(error), icon=":material/block:")
        return
    if not kept:
        return
    st.subheader("Candidates", anchor=False)
    st.write(f"{many(len(kept), 'candidate')} in which the {now.noun} fires, marked as synthetic. They are not part of "
             "this data set: read them with a click, then add the file to your data.")  # fmt: skip
    frame = pd.DataFrame(
        {
            now.noun: [record["feature"] for record in kept],
            "name": [whole(record["name"]) for record in kept],
            "value": [record["value"] for record in kept],
            **{side: [whole(cut(record["messages"][at]["content"], BEGINNING)) for record in kept]
               for at, side in enumerate(("prompt", "answer"))},
        }
    )  # fmt: skip
    for at in clickable(frame, "candidates-table", 320, formats={"value": "%.2f"}):
        turns = turns_html((turn["role"], turn["content"]) for turn in kept[at]["messages"])
        st.html(f"<style>{rendered.STYLE}</style><div class='sample'>{turns}</div>")
    st.download_button("Download the candidates", path.read_bytes, f"synthetic-{path.name}", "application/x-ndjson",
                       on_click="ignore", icon=":material/download:", key="candidates-file")  # fmt: skip


def turns_html(turns: Iterable[tuple[str, str]]) -> str:
    """Turns, (who speaks, text) each, to read; for a box of the class `sample`."""
    return "".join(
        f"<div class='who'>{escape(SPEAKERS.get(role, role))}</div><div class='turn'>{rendered.turn(text)}</div>"
        for role, text in turns
    )
