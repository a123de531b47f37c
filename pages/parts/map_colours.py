"""What the map is coloured by, as the person chooses it; the address keeps it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import SelectionError
from core.selection.inputs import TOKEN_COUNTS
from core.session.colouring import Colouring, Seen, colouring
from core.session.findings import findings, findings_dated
from core.session.languages import at_hand
from core.session.search import languages_spoken, source_names
from pages.parts.choices import choose
from pages.parts.clusters import apart, cards_of, pick_k
from pages.parts.figures import ACCENT, CATEGORIES, PINK, SELECTED
from pages.parts.group_choice import group_name
from pages.parts.text import cut, plain, whole
from pages.parts.view import View

STATUS = {"kept": SELECTED, "pinned": ACCENT, "banned": PINK}
TITLES = {
    "status": "Kept or left out",
    "source": "Source",
    "language": "Language",
    "length": "Length of the response",
    "score": "A score",
    "order": "Order of the picks",
    "redundancy": "How much of it the kept samples cover",
    "cluster": "Cluster",
    "feature": "A feature",
    "tag": "Tag",
    "group": "A set, a tag or a finding",
    "search": "Words in the text",
}


def coloured(now: View) -> tuple[Colouring, str, list[str]]:
    """The colouring that is asked for, what it is called, and the colours of its categories.

    A colouring that is not to be had is told, and the status shown instead.
    """
    seen = Seen(now.session, now.selection, now.state)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        by = choose("Colour by", "colour", {name: _title(now, name) for name in _offered(now)}, default="status")
    with right:
        of = ASKED[by](now) if by in ASKED else ""
    if by in ASKED and not of:
        by = "status"
    try:
        key = ("colouring", by, of, repr(now.spec), now.state.version, findings_dated(now.session))
        found = now.session.remember(key, lambda: colouring(seen, by, of))
    except SelectionError as error:
        right.warning(plain(error), icon=":material/block:")
        by, found = "status", colouring(seen, "status")
    return _dressed(now, by, of, found)


def _title(now: View, name: str) -> str:
    return f"A {now.noun}" if name == "feature" else TITLES[name]


def _offered(now: View) -> list[str]:
    """The ways to colour that the data set has something for."""
    lacking = {
        "source": len(source_names(now.session)) < 2,
        "language": not at_hand(now.session.store) or len(set(languages_spoken(now.session))) < 2,
        "score": not _scores(now),
        "tag": len(now.state.tags) < 2,  # of one alone the next shows it
        "group": not _groups(now),
    }
    return [name for name in TITLES if not lacking.get(name)]


def _scores(now: View) -> list[str]:
    return [name for name in now.session.info.scores if name not in TOKEN_COUNTS]


def _groups(now: View) -> list[str]:
    return [*(f"set:{name}" for name in now.state.sets), *(f"tag:{name}" for name in now.state.tags),
            *(f"health:{name}" for name in findings(now.session))]  # fmt: skip


def _score(now: View) -> str:
    return choose("Score", "of", {name: whole(name) for name in _scores(now)})


def _group(now: View) -> str:
    return choose("Set, tag or finding", "of", {name: group_name(name) for name in _groups(now)})


def _feature(now: View) -> str:
    """A feature by its name, those of most samples first."""
    density = now.matrix.density()
    active = [int(f) for f in (-density).argsort(kind="stable") if density[f] > 0]
    return choose(now.noun.capitalize(), "of", {str(f): whole(cut(now.label(f), 60)) for f in active}) if active else ""


def _search(now: View) -> str:
    return st.text_input("Words", key="words", bind="query-params", placeholder="part of a prompt or response")


def _clusters(now: View) -> str:
    return str(pick_k(now))


ASKED = {"score": _score, "group": _group, "feature": _feature, "search": _search, "cluster": _clusters}


def _dressed(now: View, by: str, of: str, found: Colouring) -> tuple[Colouring, str, list[str]]:
    """The colouring with its title, the names that pages use, and colours."""
    title, colours = _title(now, by), list(CATEGORIES)
    if by == "status":
        colours = [STATUS[name] for name in found.names]
    elif by == "feature":
        title = whole(cut(now.label(int(of)), 60))
    elif by == "score":
        title = whole(of)
    elif by == "group":
        title = group_name(of)
    elif by == "search":
        title, colours = f"“{whole(cut(of, 40))}”", [SELECTED]
    elif by == "cluster":
        cards = cards_of(now, now.session.clusters("residual", int(of)), now.selection.rows, "residual", int(of))
        called = {f"cluster {card.cluster}": name for card, name in zip(cards, apart(cards), strict=True)}
        found = replace(found, names=tuple(called[name] for name in found.names))
    return found, title, colours
