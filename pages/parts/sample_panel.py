"""One sample as a person reads it, with what can be done with it; and a list with the chosen one beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.explain.sentences import in_short
from core.schema import Message, Sample
from core.session.matches import spans
from core.store.meta import data_named
from core.studies.health.places import covered_sample
from core.system.shown import many
from pages.parts import keyboard, marks, private, reading, rendered
from pages.parts.address import get, number
from pages.parts.evidence import Evidence
from pages.parts.sample_features import entries
from pages.parts.sample_list import Samples, Steps, sample_list
from pages.parts.tables import why_link
from pages.parts.text import cut, escape, plain
from pages.parts.view import View

TALLEST = 520  # of the text and of the list, in pixels, before they scroll
SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}
LIFTED = ":material/undo:"
TEXT, TOKENS = "Text", "Tokens"
NOWHERE = Steps()  # of a sample that is in no list
Marked = Sequence[Sequence[tuple[int, int]]]  # of each turn the (start, end) that are marked, in characters


# --- a list, and the chosen sample beside it


def beside(
    now: View, rows: Sequence[int] | np.ndarray, key: str, more: Mapping[str, Any] | None = None,
    formats: Mapping[str, str] | None = None, find: str = "", regex: bool = False, has: Iterable[int] = (),
    name: str = "row", evidence: Evidence | None = None,
) -> int:  # fmt: skip
    """Draw samples as a list, at least one, and the chosen one beside it; gives the chosen row.

    more: further columns, one value a row, `formats` such as "%.2f" of theirs. find and has as `sample_panel` takes
    them. name: of the chosen row in the address, another one for a page that has a sample of its own; there the keys
    are not for this list. evidence: what a check saw in them, which is marked in place of `find`.
    """
    samples = Samples(now, rows, more, find, regex, evidence, get(f"{name}-sort"))
    asked = number(name, now.session.store.n_samples)
    row = asked if asked is not None and (samples.rows == asked).any() else int(samples.rows[0])
    left, right = st.columns([1, 1], gap="medium")
    with left:
        steps = sample_list(samples, f"{key}-list", name, row, formats, TALLEST + 100)
    with right:
        sample_panel(now, row, key, find, has, regex, steps, listens=name == "row", evidence=evidence)
    return row


# --- one sample


def sample_panel(
    now: View, row: int, key: str, find: str = "", has: Iterable[int] = (), regex: bool = False, steps: Steps = NOWHERE,
    listens: bool = True, evidence: Evidence | None = None,
) -> None:  # fmt: skip
    """Draw a sample with what can be done with it; `find` is marked in its text, features of `has` in its tokens.

    steps: to the other samples of a list. key: parts the panels of a page.
    listens: whether the keys are for this panel. evidence: what is marked in place of `find`. Personal data is masked,
    and nothing holds it in the open, until a person asks to see it: nobody can where the evidence is masked.
    """
    (sample,) = now.session.store.samples([row])
    closed = evidence is not None and evidence.masked
    shown = sample if private.is_open(now, row) and not closed else covered_sample(sample)
    panel, key, masked = f"panel-{key}", f"of-{key}", closed or shown is not sample
    with st.container(key=panel):
        st.html(head(now, sample))
        buttons(now, row, key, steps, copied=not masked)
        if masked and not closed:
            private.offer(now, row, key)
        if evidence:
            if told := evidence.told(row):
                st.caption(plain(told))
            show_turns(shown, evidence.places(sample))
        else:
            marked = [spans(message.content, find, regex) for message in sample.messages]
            show_text(now, shown, key, marked, has)
        if not masked:
            show_columns(sample)
        keyboard.listen(now, panel, row, steps, f"{key}-tag", listens)


def head(now: View, sample: Sample) -> str:
    """Which sample it is, where it comes from, what became of it, and why."""
    row, meta = sample.row, now.session.store.meta
    line = int(now.session.columns["source_row"][row]) + 1
    where = [sample.id and f"id {sample.id}", sample.source, f"record {line:,} of {data_named(meta)}"]
    parts = [*filter(None, where), many(int(now.session.info.tokens[row]), "token")]
    why = in_short(now.matrix, now.selection, now.ledger, row, now.spoken, now.session.info)
    states = "".join(f"<span class='state'>{escape(state)}</span>" for state in status(now, row))
    return (
        f"<style>{STYLE}</style><div class='head'><b>Row {row:,}</b> {states}"
        f"<div class='of'>{escape(' · '.join(parts))}</div><div>{escape(why)}</div>"
        + "".join(f"<div class='of'>{escape(told)}</div>" for told in noted(now, row))
        + "</div>"
    )


def noted(now: View, row: int) -> list[str]:
    """What a person noted of a sample, and of which one it is a copy that was banned."""
    note, copy = now.state.notes.get(row, ""), now.state.ban_told(row)
    return [text for text in (copy[:1].upper() + copy[1:], note and f"Note: {note}") if text]


STYLE = """
.head{overflow-wrap:anywhere}
.head .of{opacity:.75;font-size:.85rem}
.head .state{border:1px solid currentColor;border-radius:1rem;padding:0 .5rem;font-size:.8rem;margin-left:.3rem;
  white-space:nowrap}
.columns{border-collapse:collapse;font-size:.85rem;overflow-wrap:anywhere}
.columns td{padding:.15rem .8rem .15rem 0;vertical-align:top}
"""


def status(now: View, row: int) -> list[str]:
    """What became of a sample and what was decided on it, in words."""
    place = np.flatnonzero(now.selection.rows == row)
    kept = f"kept as number {place[0] + 1:,}" if len(place) else "left out"
    decided = [name for name, rows in (("pinned", now.state.pins), ("banned", now.state.bans)) if row in rows]
    return [kept, *decided, *(f"#{tag}" for tag in tags_of(now, row))]


def tags_of(now: View, row: int) -> list[str]:
    """The tags of a sample."""
    return [tag for tag, rows in now.state.tags.items() if row in rows]


# --- what can be done


def buttons(now: View, row: int, key: str, steps: Steps, copied: bool = True) -> None:
    """The row of buttons; a decision that stands has one that lifts it. copied: whether its text may be taken away."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for name, icon, by in (("Previous", "arrow_back", -1), ("Next", "arrow_forward", 1)):
            if steps.place is not None:
                to = steps.to(by)
                st.button(name, icon=f":material/{icon}:", key=f"{key}-{name.lower()}", disabled=to is None,
                          on_click=to)  # fmt: skip
        decide(now, row, key)
        with st.popover("Tag", icon=":material/sell:", key=f"{key}-tag"):
            marks.tag(now, [row], f"{key}-{row}")
        with st.popover("Note", icon=":material/edit_note:", key=f"{key}-note", type="tertiary"):
            marks.note(now, [row], f"{key}-{row}")
        if copied:
            copy_text(now, row, key)
        why_link(row, "Why")
        with st.popover("Keys", icon=":material/keyboard:", key=f"{key}-keys", type="tertiary"):
            st.markdown(keyboard.HELP)


def copy_text(now: View, row: int, key: str) -> None:
    """Its text, to be taken to elsewhere."""
    with st.popover(
        "Copy", icon=":material/content_copy:", key=f"{key}-copy", type="tertiary", on_change="rerun"
    ) as copy:
        if copy.open:
            st.code("\n\n".join(now.session.store.texts([row])), language=None, wrap_lines=True, height=300)


def decide(now: View, row: int, key: str) -> None:
    """The buttons that pin and ban a sample."""
    workspace = now.workspace
    if row in now.state.pins:
        decision("Unpin", LIFTED, workspace.unpin, row, f"{key}-unpin")
    else:
        decision("Pin", ":material/push_pin:", workspace.pin, row, f"{key}-pin", "Always keep this sample.")
    if row in now.state.bans:
        decision("Lift the ban", LIFTED, workspace.unban, row, f"{key}-unban")
    else:
        decision("Ban", ":material/do_not_disturb_on:", workspace.ban, row, f"{key}-ban", "Never keep this sample.")


def decision(
    name: str, icon: str, take: Callable[[Iterable[int]], None], row: int, key: str, told: str | None = None
) -> None:
    """The button of one decision: it does what it says, even where another tab did so before. told: what it means."""
    if st.button(name, icon=icon, key=key, help=told):
        take([row])
        st.rerun()


# --- its text


def show_text(now: View, sample: Sample, key: str, marked: Marked, has: Iterable[int]) -> None:
    """Its turns to read, with what is marked in each, or its tokens with features shaded."""
    with_tokens = now.spec.lens == "tokens"
    if not with_tokens:
        names = "; ".join(cut(now.label(f), 50) for f in entries(now.matrix, sample.row)[0].tolist())
        st.caption(plain(f"Topics: {names or 'none at this θ'}"))
    view = st.segmented_control("Show", (TEXT, TOKENS), default=TEXT, required=True, key=f"{key}-as",
                                label_visibility="collapsed")  # fmt: skip
    if view == TEXT:
        show_turns(sample, marked)
        return
    wanted = list(has) or None
    shaded = reading.strongest(now, sample.row, wanted, reading.SHADED) if with_tokens else []
    reading.show(now, sample.row, shaded, TALLEST, offered=False)


def show_turns(sample: Sample, marked: Marked) -> None:
    """Its turns to read, with some places of each marked."""
    turns = "".join(turn(message, own) for message, own in zip(sample.messages, marked, strict=True))
    st.html(
        f"<style>{rendered.STYLE}</style><div class='sample' data-row='{sample.row}' tabindex='0' "
        f"style='max-height:{TALLEST}px;overflow:auto'>{turns}</div>"
    )


def turn(message: Message, marked: Sequence[tuple[int, int]]) -> str:
    """A turn with who speaks."""
    who = SPEAKERS.get(message.role, message.role)
    who += " · not trained on" if message.role == "assistant" and not message.trained else ""
    text = rendered.turn(message.content, marked)
    return f"<div class='who'>{escape(who)}</div><div class='turn'>{text}</div>"


def show_columns(sample: Sample) -> None:
    """The columns of its record, folded."""
    record = sample.raw if isinstance(sample.raw, dict) else {"record": sample.raw}
    with st.expander(f"The record: {many(len(record), 'column')}", icon=":material/view_column:"):
        lines = (f"<tr><td><b>{escape(str(name))}</b></td><td>{escape(cut(str(value), 300))}</td></tr>"
                 for name, value in record.items())  # fmt: skip
        st.html(f"<table class='columns'>{''.join(lines)}</table>")
