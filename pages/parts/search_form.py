"""The conditions of a search: the text, and choices that say how many samples each would find."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.matrix.postings import samples_per_feature
from core.session.cut import READ, readings
from core.session.facets import Bounds, Facets, facets
from core.session.search import STATUSES, Query, parsed_features, source_names
from core.topics.language import language_name
from pages.parts.address import get, put
from pages.parts.evidence import check_title
from pages.parts.saved_searches import saved_searches
from pages.parts.text import cut, plain, whole
from pages.parts.view import View

ANY = "*"  # in the address: no condition, as sources may have no name
CALLED = {"picked": "kept", "rejected": "left out"}  # what a status is called here
COMMON = 100  # topics or features of the choice that narrows the results
NEAREST = 50  # samples that are listed as the nearest, unless another number is given


@dataclass(frozen=True)
class Asked:
    """What the fields ask for: the conditions, and what the samples are to be near to, of which so many are listed."""

    query: Query
    near: str
    most: int


def ask(now: View) -> Asked:
    """Draw the fields, and give what they ask for; raises SelectionError for what makes no sense."""
    columns = st.columns([5, 3, 2, 2], vertical_alignment="bottom")
    text = columns[0].text_input("Text in any turn", key="find", bind="query-params", placeholder="part of the text")
    near = columns[1].text_input("Nearest to", key="find_near", bind="query-params", placeholder="row 12, or a text",
                                 help="A sample by its row, or any text, which the model reads.")  # fmt: skip
    with columns[3]:
        saved_searches(now)
    with columns[2].popover("More", icon=":material/tune:", width="stretch"):
        regex = st.toggle("The text is a regular expression", key="find_regex", bind="query-params",
                          help="RE2, whatever the case")  # fmt: skip
        most = st.number_input("How many of the nearest", 1, None, NEAREST, key="find_most", bind="query-params")
        tokens = bounds("tokens", "find_min", "find_max", step=1, min_value=0)
        column = get("find_score") if get("find_score") in now.session.info.scores else ""
        score = bounds(column, "find_low", "find_high") if column else (None, None)
    has, lacks = (parsed_features(get(name_of(now, end)), now.noun) for end in ("has", "lacks"))
    source, language = get("find_source", ANY), get("find_language", ANY)
    query = Query(
        text, regex, has, lacks, tokens, None if source == ANY else source, column, score, get("find_status", "all"),
        now.noun, get("find_read", "all"), get("find_tag"), None if language == ANY else language, get("find_set"),
        get("find_health"),
    )  # fmt: skip
    found = facets(now.session, now.matrix, query, now.selection.rows, now.state)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        features(now, found)
        choices(now, query, found)
    return Asked(query, near.strip(), int(most))


def bounds(what: str, low: str, high: str, **about: Any) -> tuple[Any, Any]:
    """The least and the most of a number, each of which may be left empty."""
    columns = st.columns(2)
    few, many = ("Fewest", "Most") if what == "tokens" else ("Lowest", "Highest")
    least = columns[0].number_input(f"{few} {plain(what)}", value=None, key=low, bind="query-params", **about)
    most = columns[1].number_input(f"{many} {plain(what)}", value=None, key=high, bind="query-params", **about)
    return least, most


def name_of(now: View, end: str) -> str:
    """The parameter of the address for the features that samples have or lack: each lens has its own."""
    return f"find_{end}" if now.spec.lens == "tokens" else f"find_{now.spec.lens}_{end}"


# --- choices with counts


def choices(now: View, query: Query, found: Facets) -> None:
    """One choice for each facet that the data have."""
    if len(source_names(now.session)) > 1:
        choose("Source", "find_source", ANY, found.source, lambda name: whole(name) or "no name")
    if len(found.language) > 1 or query.language is not None:
        choose("Language", "find_language", ANY, found.language, language_name)
    if found.health or query.health:
        choose("Found by a check", "find_health", "", found.health, check_title)
    if now.state.tags:
        choose("Tag", "find_tag", "", found.tag, whole)
    if now.state.sets:
        choose("Set", "find_set", "", found.of_set, whole)
    choose("Status", "find_status", "all", {name: found.status.get(name, 0) for name in STATUSES[1:]},
           lambda name: CALLED.get(name, name))  # fmt: skip
    within("Length", found.lengths, query.tokens, ("find_min", "find_max"), "tokens")
    if readings(now.session).any():
        choose("Read", "find_read", "all", {name: found.read.get(name, 0) for name in READ}, str)
    if now.session.info.scores:
        choose("Score", "find_score", "", dict.fromkeys(now.session.info.scores), whole, forget_bounds)
    if query.score_column:
        within(plain(cut(query.score_column, 20)), found.scores, query.score, ("find_low", "find_high"), "")


def choose(
    label: str, name: str, nothing: str, counts: Mapping[str, int | None], called: Callable[[str], str],
    then: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """One of several, or `nothing`; it stands in the address, as the labels change with their counts.

    then: called after another one is chosen.
    """

    def take(value: str) -> None:
        put(**{name: None if value == nothing else value})
        then()

    pick(label, name, [nothing, *counts], get(name, nothing),
         lambda value: "any" if value == nothing else called(value) + counted(counts.get(value)), take)  # fmt: skip


def forget_bounds() -> None:
    """Those of one score mean nothing for another."""
    st.session_state.update(find_low=None, find_high=None)


def within(label: str, counts: Mapping[Bounds, int], now: Bounds, keys: tuple[str, str], unit: str) -> None:
    """One of the classes of a number, which sets its bounds."""

    def take(value: Bounds) -> None:
        st.session_state[keys[0]], st.session_state[keys[1]] = value

    def called(value: Bounds) -> str:
        return "any" if value == (None, None) else span(*value, unit) + counted(counts.get(value))

    pick(label, f"class-{keys[0]}", [(None, None), *counts], now, called, take)


def pick(
    label: str, name: str, options: list[Any], chosen: Hashable, called: Callable[[Any], str],
    take: Callable[[Any], None],
) -> None:  # fmt: skip
    """A choice that shows what stands elsewhere, and hands on what is chosen."""
    key = f"choose-{name}"
    options = options if chosen in options else [*options, chosen]
    st.session_state[key] = chosen
    st.selectbox(label, options, key=key, format_func=called, width=106,
                 on_change=lambda: take(st.session_state[key]))  # fmt: skip


def counted(n: int | None) -> str:
    """How many samples a choice would find."""
    return "" if n is None else f" ({n:,})"


def span(low: float | None, high: float | None, unit: str) -> str:
    """Bounds in words."""
    least, most = (
        f"{end:,}" if isinstance(end, int) else f"{end:.3g}" if end is not None else "" for end in (low, high)
    )
    told = f"{least} and more" if not most else f"up to {most}" if not least else f"{least} to {most}"
    return f"{told} {unit}".strip()


# --- topics and features by name


def features(now: View, found: Facets) -> None:
    """Those that samples must have, and must not have; and the commonest among the results, which narrow them."""
    counts = samples_per_feature(now.matrix)
    known = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())].tolist()
    several(now, f"Has all of these {now.noun}s", name_of(now, "has"), known, counts)
    several(now, f"Has none of these {now.noun}s", name_of(now, "lacks"), known, counts)
    narrow(now, found.features)


def several(now: View, label: str, name: str, known: Sequence[int], counts: np.ndarray) -> None:
    """Some features, chosen by name, the commonest first; their numbers stand in the address."""
    key = f"choose-{name}"
    chosen = [f for f in parsed_features(get(name), now.noun) if 0 <= f < len(counts)]
    st.session_state[key] = list(dict.fromkeys(chosen))
    rare = list(dict.fromkeys(f for f in chosen if not counts[f]))
    st.multiselect(
        label, [*known, *rare], key=key, placeholder="Type a name", width=160,
        format_func=lambda f: f"{whole(cut(now.label(f), 60))} · {f} ({counts[f]:,})",
        on_change=lambda: put(**{name: ",".join(map(str, st.session_state[key])) or None}),
    )  # fmt: skip


def narrow(now: View, counts: np.ndarray) -> None:
    """The commonest features among the results: one that is chosen becomes a condition."""
    name = name_of(now, "has")
    chosen = parsed_features(get(name), now.noun)
    top = [
        f for f in np.argsort(-counts, kind="stable")[: COMMON + len(chosen)].tolist() if counts[f] and f not in chosen
    ]
    key = f"narrow-{now.spec.lens}"
    st.session_state[key] = None
    st.selectbox(
        f"{now.noun.capitalize()}s of the results", top[:COMMON], key=key, placeholder="Narrow by one", width=140,
        format_func=lambda f: f"{whole(cut(now.label(f), 60))} · {f} ({counts[f]:,})",
        on_change=lambda: put(**{name: ",".join(map(str, (*chosen, st.session_state[key])))}),
    )  # fmt: skip
