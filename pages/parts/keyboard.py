"""Keys: of a panel those that step and decide, in the order in which they were pressed; of every page help and search.

A key may come before the page has answered the one before it. So the browser sends all that it has not heard of yet,
and they are worked off before the page is drawn: each is for the sample that those before it have led to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from core.workspace.log import Workspace
from pages.parts import dialogs
from pages.parts.sample_list import Steps
from pages.parts.view import View, link

HELP = """
| Key | |
|---|---|
| **j**, **k** | next, previous sample |
| **p** | pin, or lift the pin |
| **b** | ban, or lift the ban |
| **t** | tag |
| **/** | search |
| **Esc** | leave the search field |
| **?** | these keys |
"""
STEP = {"j": 1, "k": -1}
DECIDE = "pb"
FILES = Path(__file__).parent

_panel = st.components.v2.component("panel", js=(FILES / "keyboard.js").read_text("utf-8"))
_page = st.components.v2.component("page_keys", js=(FILES / "page_keys.js").read_text("utf-8"))


# --- of a panel


@dataclass
class Hand:
    """Where the keys are: the sample they are for, and the decisions as they know them, until the panel is drawn; the
    number of the last key that was worked off, and whether the address is still to be told where it led.

    Changed in place: Streamlit may end a callback at any access to its own state, when another run is asked for.
    """

    row: int | None = None
    pins: set[int] = field(default_factory=set)
    bans: set[int] = field(default_factory=set)
    done: float = 0
    away: bool = False


def listen(now: View, panel: str, row: int | None, steps: Steps, tag: str = "", listens: bool = True) -> None:
    """Let the keys step through a list and decide on its samples, in the panel of that key.

    row: of the panel's sample, None where none is open; once it is another one, its text is scrolled to the first
    match. tag: the key of the button that tags. listens: whether there are keys for this panel.
    """
    key, name = f"{panel}-keys", f"{panel}-hand"
    if name not in st.session_state:
        st.session_state[name] = Hand()
    hand: Hand = st.session_state[name]

    def pressed() -> None:
        answer(hand, st.session_state[key]["pressed"], steps, now.workspace)

    sent = [*STEP, *DECIDE] if listens else []
    data = {"panel": panel, "row": row, "done": hand.done, "sent": sent, "held": [*STEP]}
    heard = _panel(key=key, data={**data, "tag": tag if listens else ""}, on_pressed_change=pressed)
    if answer(hand, heard.get("pressed") or (), steps, now.workspace):
        st.rerun()  # a callback was ended before it had told all
    hand.row, hand.pins, hand.bans = row, set(now.state.pins), set(now.state.bans)  # what the next keys are for


def answer(hand: Hand, sent: Iterable[tuple[float, str]], steps: Steps, workspace: Workspace) -> bool:
    """Work off those of the keys sent, each with its number, that were not yet, and tell the address where they led;
    whether there was anything to do."""
    for number, key in sent:
        if number > hand.done:
            hand.done, hand.away = number, True
            work_off(key, hand, steps, workspace)
    told = hand.away
    if told and hand.row is not None and len(steps.rows):
        steps.show(hand.row)  # always: a key may bring along the address of before the last step
    hand.away = False
    return told


def work_off(key: str, hand: Hand, steps: Steps, workspace: Workspace) -> None:
    """Do what a key says."""
    if key in STEP:
        hand.row = steps.after(hand.row, STEP[key])
    elif key in DECIDE and hand.row is not None:
        decide(key == "p", hand.row, hand, workspace)


def decide(pin: bool, row: int, hand: Hand, workspace: Workspace) -> None:
    """Pin a sample, or ban it; or lift that, if it stands."""
    own, other = (hand.pins, hand.bans) if pin else (hand.bans, hand.pins)
    take, lift = (workspace.pin, workspace.unpin) if pin else (workspace.ban, workspace.unban)
    if row in own:
        lift([row])
        own.remove(row)
    else:
        take([row])
        own.add(row)
        other.discard(row)


# --- of every page


def page_keys() -> None:
    """Listen for the keys of every page, and do what they ask of it."""
    with st.container(key="out-of-sight-keys"):
        asked = _page(key="keys-of-page", on_asked_change=lambda: None).get("asked")
    if asked == "search":
        st.switch_page("pages/search.py", query_params=link())
    elif asked == "keys":
        dialogs.show("Keys", st.markdown, HELP, width="small")
