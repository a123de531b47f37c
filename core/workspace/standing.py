"""The decisions that stand on samples and on features, one line each, and those among them that are looked for."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from core.workspace.decisions import WorkspaceState

ON_SAMPLES = ("pinned", "banned", "noted")
ON_FEATURES = ("ignored", "excluded", "boosted")
VETOED = {"ignore": "ignored", "block": "excluded"}  # what a feature under each of schema.VETOES is called


@dataclass(frozen=True)
class Line:
    """What was decided on one sample or feature: its row or number; kinds, of ON_SAMPLES or ON_FEATURES; its note, or
    the reason of its ban or veto; and when the latest of it was decided, UTC in ISO format, "" where that is not known.
    """

    number: int
    kinds: tuple[str, ...]
    text: str = ""
    when: str = ""


def on_samples(state: WorkspaceState) -> list[Line]:
    """The samples that are pinned, banned or noted, in this order."""
    held = dict(zip(ON_SAMPLES, (set(state.pins), set(state.bans), set(state.notes)), strict=True))
    rows = dict.fromkeys([*state.pins, *state.bans, *state.notes])
    return [
        Line(row, tuple(kind for kind, own in held.items() if row in own),
             " · ".join(filter(None, (state.ban_told(row), state.notes.get(row)))), state.dates.get(row, ""))
        for row in rows
    ]  # fmt: skip


def on_features(state: WorkspaceState, lens: str) -> list[Line]:
    """The features of a lens that are ignored, excluded or boosted: first those under a veto."""
    own = state.of(lens)

    def kinds(feature: int) -> tuple[str, ...]:
        vetoed = (VETOED[own.vetoes[feature]],) if feature in own.vetoes else ()
        return (*vetoed, "boosted") if feature in own.boosts else vetoed

    return [
        Line(feature, kinds(feature), own.reasons.get(feature, ""), own.times.get(feature, ""))
        for feature in dict.fromkeys([*own.vetoes, *own.boosts])
    ]


def matching(
    lines: Iterable[Line], kind: str = "", text: str = "", since: str = "", until: str = "", held: Container[int] = ()
) -> list[Line]:
    """The lines of a kind, with a text, decided between two days; "" asks for nothing.

    text: part of the note or reason, whatever the case, or the number itself. since, until: days such as 2026-03-01,
    both included. held: the numbers of what holds the text by itself, a sample in its turns or a feature in its name.
    """
    wanted = text.strip().casefold()
    return [
        line
        for line in lines
        if (not kind or kind in line.kinds)
        and (not wanted or line.number in held or wanted == str(line.number) or wanted in line.text.casefold())
        and (not since or since <= line.when[:10])
        and (not until or "" < line.when[:10] <= until)
    ]
