"""The method's options and θ as widgets."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.schema import SelectionSpec
from core.selection.method import Option
from core.selection.registry import METHODS
from core.session.listed import LISTED, listed
from core.session.request import WHOLE, weights
from core.session.session import Session
from core.settings import settings_of
from pages.parts.choices import choose

SPEC = settings_of(SelectionSpec)
OF_THETA = "theta-of"  # in the session: the lens and the scope that θ was last set for
PRESETS = (0, 0.5, 0.75, 0.9, 0.99)  # quantiles of the values that have a button as θ
DEFAULTS = {  # how θ is chosen by lens
    "tokens": "The default is where a tenth of the samples come nearest to covering 90 % of the features; in large "
    "data sets, a twentieth or a hundredth.",
    "topics": "The default is the median, as the weaker half of a sample's topics seldom fits it.",
}


# What an option, and a word that it may be, is called where the name alone says little.
TITLES = {
    "returns": "More of the same is worth", "exponent": "Exponent: 1 as much, 0.01 almost nothing",
    "cap": "Most that counts of a feature", "values": "A feature counts", "spread": "Shared with like features",
    "reference": "Targets",
}  # fmt: skip
WORDS = {
    "power": "less each time: a power", "log": "less each time: the logarithm", "saturating": "less and soon nothing",
    "cap": "as much, up to a cap", "clipped": "by its value", "binary": "there or not",
}  # fmt: skip
ONLY_WITH = {"exponent": ("returns", "power"), "cap": ("returns", "cap")}  # an option that others leave without effect


def pick_details(session: Session, method: str, lens: str) -> dict[str, Any]:
    """What a method can be told beyond the budget: its own options, weights, multiplicity, seed."""
    known, given, values = METHODS[method], {}, {}
    said: dict[str, Any] = {}  # by the options before
    if known.counts:
        given["weights"] = st.selectbox(
            "Weights", weights(session, lens), key="weights", bind="query-params", help=SPEC["weights"].sentence
        )
        given["multiplicity"] = st.number_input(
            "Multiplicity r",
            *WHOLE["multiplicity"],
            1,
            key="multiplicity",
            bind="query-params",
            help=SPEC["multiplicity"].sentence,
        )
    if known.seeded:
        given["seed"] = st.number_input(
            "Seed", *WHOLE["seed"], 0, key="seed", bind="query-params", help=SPEC["seed"].sentence
        )
    for option in known.options:
        key, title = f"{method}_{option.name}", TITLES.get(option.name, option.name.capitalize())
        other, word = ONLY_WITH.get(option.name, ("", ""))
        if other and said.get(other) != word:
            continue
        if option.kind in LISTED:
            value = choose(title, key, listed(session.store, option.kind), option.help, option.default or "")
        else:
            value = said[option.name] = pick_option(session, method, option, title, key)
        if value not in (None, "", option.default):
            values[option.name] = value
    return given | {"options": values}


def pick_option(session: Session, method: str, option: Option, title: str, key: str) -> Any:
    """One option of a method as the widget that fits its kind; the address keeps it."""
    about = {"key": key, "bind": "query-params", "help": option.help}
    if option.kind == "score":
        return st.selectbox(title, ["", *session.info.scores], **about)
    if option.kind == "choice":
        if not WORDS.keys() & set(option.choices):
            return st.selectbox(title, option.choices, option.choices.index(option.default), **about)
        return choose(title, key, {word: WORDS.get(word, word) for word in option.choices}, option.help, option.default)
    if option.kind == "number" and not option.choices:
        return pick_number(option, title, about)
    text = st.text_input(title, str(option.default or ""), **about)
    return option.checked(method, text) if text else None


def pick_number(option: Option, title: str, about: dict[str, Any]) -> float | int | None:
    """A number within the option's bounds, either of which may be missing, as may the default."""
    kind = int if option.whole else float
    low, high, default = (None if n is None else kind(n) for n in (option.low, option.high, option.default))
    return st.number_input(title, low, high, default, 1 if option.whole else 0.05, **about)


def pick_theta(session: Session, scope: str, lens: str) -> float:
    """The JumpReLU threshold: a number, or one of a few quantiles of the store's values."""
    default, table = session.default_theta(scope, lens)
    if st.session_state.get(OF_THETA, (lens, scope)) != (lens, scope):  # a θ means nothing elsewhere
        st.session_state.theta = default
    st.session_state[OF_THETA] = lens, scope
    theta = st.number_input(
        "Threshold θ", 0.0, None, default, 0.1, "%.4g", key="theta", bind="query-params",
        help=f"{SPEC['theta'].sentence} {DEFAULTS[lens]}",
    )  # fmt: skip
    st.caption(f"{session.share_below(scope, theta, lens):.1%} of all values are at or below θ.")
    presets = {"Default": default} | {f"{row.quantile:.0%}": row.theta for row in table if row.quantile in PRESETS}
    with st.container(horizontal=True):
        for name, value in presets.items():
            st.button(name, key=f"theta-{name}", disabled=value == theta, on_click=set_theta, args=(value,))
    return theta


def set_theta(value: float) -> None:
    """Give θ a value, in a callback."""
    st.session_state.theta = value
