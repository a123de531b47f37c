"""The method's options and θ as widgets."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.schema import WEIGHTS
from core.selection.registry import METHODS, Option
from core.session.session import Session

WEIGHTS_HELP = "uniform: every feature counts 1; idf: rare ones more; mass: strong and frequent ones more"


def pick_details(session: Session, method: str) -> dict[str, Any]:
    """What a method can be told beyond the budget: its own options, weights, multiplicity, seed."""
    known, given = METHODS[method], {}
    with st.expander("More about the method"):
        if known.counts:
            given["weights"] = st.selectbox("Weights", WEIGHTS, key="weights", bind="query-params", help=WEIGHTS_HELP)
            given["multiplicity"] = st.number_input(
                "Multiplicity r", 1, 20, 1, key="multiplicity", bind="query-params",
                help="A feature counts as covered once it is active in this many picks of a round.",
            )  # fmt: skip
        if known.seeded:
            given["seed"] = st.number_input("Seed", 0, 10_000, 0, key="seed", bind="query-params")
        values = {option.name: pick_option(session, method, option) for option in known.options}
        if not (known.counts or known.seeded or values):
            st.caption("Nothing to set.")
    return given | {"options": {name: value for name, value in values.items() if value not in (None, "")}}


def pick_option(session: Session, method: str, option: Option) -> Any:
    """One option of a method as the widget that fits it; None for its default."""
    key, title = f"{method}_{option.name}", option.name.capitalize()
    about = {"key": key, "bind": "query-params", "help": option.help}
    if option.name in ("score", "quality", "complexity"):
        return st.selectbox(title, ["", *session.info.scores], **about)
    if option.choices and option.low is None:
        value = st.selectbox(title, option.choices, **about)
    elif option.low is not None and not option.choices:
        value = st.number_input(title, float(option.low), float(option.high), float(option.default), 0.05, **about)
    else:
        text = st.text_input(title, str(option.default or ""), **about)
        value = option.checked(method, text) if text else None
    return None if value == option.default else value


def pick_theta(session: Session, scope: str) -> float:
    """The JumpReLU threshold, chosen among quantiles of the store's values."""
    default, table = session.default_theta(scope)
    thetas = {row.quantile: row.theta for row in table} or {0.0: 0.0}
    start = next((q for q, theta in thetas.items() if theta == default), 0.0)
    quantile = st.select_slider(
        "Threshold θ",
        list(thetas),
        start,
        format_func=lambda q: f"{thetas[q]:.3g} ({q:.1%})",
        key=f"theta_{scope}",
        bind="query-params",
        help="A feature counts as active in a sample when its largest value is above θ. In brackets: the share of all "
        "values below it. The default is the lowest at which greedy still has a choice to make.",
    )
    return thetas[quantile]
