"""Settings as widgets: the dataclass that makes the options of a command makes its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args, get_type_hints

import streamlit as st

from core.settings import Setting, settings_of

COLUMNS = 3
MORE = "More options"


def ask(
    declared: type, names: Sequence[str], key: str, starts: Mapping[str, Any] | None = None, beside: int = COLUMNS,
    drawn: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """A widget for each of the named settings, so many beside each other; what they say, by name.

    starts: what stands in a widget at first, where that is not the default; a tuple: the words to choose from.
    drawn: False in a fold that is closed, where the settings keep what they said and take the browser no time.
    """
    known, hints = settings_of(declared), get_type_hints(declared)
    usual = {f.name: f.default for f in fields(declared)}
    usual |= {name: one.typed for name, one in known.items() if isinstance(one.typed, str)} | dict(starts or {})
    found = {}
    for i, name in enumerate(names):
        if drawn and i % beside == 0:
            row = st.columns(beside, vertical_alignment="bottom")
        about = {"label": title(name), "key": f"{key}-{name}", "help": known[name].sentence, "persist_state": "page"}
        if drawn:
            with row[i % beside]:
                said = widget(known[name], hints[name], usual[name], about)
        else:
            start = usual[name][0] if isinstance(usual[name], tuple) else usual[name]
            said = st.session_state.get(about["key"], start)
        found[name] = taken(known[name], said)
    return found


def more(key: str, label: str = MORE, icon: str | None = None) -> Any:
    """A fold for settings that few people change: with `.open` as what `ask` takes as `drawn`."""
    return st.expander(label, key=key, icon=icon, on_change="rerun")


def title(name: str) -> str:
    """The name of a setting as a label: held_out, Held out."""
    return name.replace("_", " ").capitalize().replace("url", "URL")


def widget(one: Setting, hint: Any, start: Any, about: dict[str, Any]) -> Any:
    """The widget that fits a setting; what it says."""
    if isinstance(start, tuple):
        return st.selectbox(options=start, format_func=lambda word: word or "none", **about)
    if one.choices and one.low is None:
        return st.selectbox(options=one.choices, index=one.choices.index(start), **about)
    if isinstance(start, bool):
        return st.toggle(value=start, **about)
    kinds = get_args(hint) or (hint,)
    if one.parse or str in kinds:
        return st.text_input(value=start, **about)
    kind = int if int in kinds else float
    low, high = (None if end is None else kind(end) for end in (one.low, one.high))
    small = {"format": "%g", "step": 1e-4} if kind is float and start and start < 0.01 else {}
    return st.number_input(min_value=low, max_value=high, value=start, **small, **about)


def taken(one: Setting, said: Any) -> Any:
    """What a widget says, as the dataclass takes it."""
    if not isinstance(said, str):
        return said
    return one.parse(said.strip() or one.typed) if one.parse else said.strip()
