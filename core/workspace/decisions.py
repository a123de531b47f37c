"""The decisions a person can take: what each does, how it is told, and what is checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from core.errors import SelectionError
from core.schema import VETOES
from core.system.shown import many


@dataclass(frozen=True)
class WorkspaceState:
    """What the decisions amount to. `version` grows with every change, undo and redo included: a key for caches."""

    vetoes: dict[int, str] = field(default_factory=dict)  # feature: ignore or block
    reasons: dict[int, str] = field(default_factory=dict)  # of the vetoes that have one
    pins: tuple[int, ...] = ()  # rows, in the order of pinning
    bans: tuple[int, ...] = ()
    labels: dict[int, str] = field(default_factory=dict)  # feature: text
    dates: dict[int, str] = field(default_factory=dict)  # of the labels, UTC in ISO format
    notes: dict[int, str] = field(default_factory=dict)  # row: text
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
    can_undo: bool = False
    can_redo: bool = False


# --- what each action does to the decisions, and how it is told


@dataclass
class Draft:
    """The decisions while events are applied; pins and bans are dicts because these keep order and drop repetitions."""

    vetoes: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    pins: dict[int, None] = field(default_factory=dict)
    bans: dict[int, None] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)


def _veto(draft: Draft, features: list[int], mode: str, reason: str) -> None:
    for feature in features:
        draft.vetoes[feature] = mode
        _set(draft.reasons, feature, reason)


def _unveto(draft: Draft, features: list[int]) -> None:
    _drop(draft.vetoes, features)
    _drop(draft.reasons, features)


def _pin(draft: Draft, rows: list[int]) -> None:
    _drop(draft.bans, rows)
    draft.pins.update(dict.fromkeys(rows))


def _ban(draft: Draft, rows: list[int]) -> None:
    _drop(draft.pins, rows)
    draft.bans.update(dict.fromkeys(rows))


def _label(draft: Draft, feature: int, text: str, date: str = "") -> None:
    if draft.labels.get(feature, "") != text:
        _set(draft.labels, feature, text)
        _set(draft.dates, feature, date if text else "")


def _save_selection(draft: Draft, name: str, spec: dict[str, Any]) -> None:
    draft.selections[name] = spec


def _import(draft: Draft, steps: list[tuple[str, dict[str, Any]]]) -> None:
    for action, detail in steps:
        ACTIONS[action].apply(draft, **detail)


def _set(texts: dict[int, str], key: int, text: str) -> None:
    """Keep a text; an empty one removes what was there."""
    if text:
        texts[key] = text
    else:
        texts.pop(key, None)


def _drop(entries: dict[int, Any], keys: list[int]) -> None:
    for key in keys:
        entries.pop(key, None)


def _some(noun: str, numbers: list[int]) -> str:
    return f"{noun} {numbers[0]}" if len(numbers) == 1 else many(len(numbers), noun)


def _quoted(text: str) -> str:
    return f": “{text[:59]}…”" if len(text) > 60 else f": “{text}”" if text else ""


# --- checks: (value, its name, the action) → the value, fit for JSON


def _whole(numbers: Iterable[Any], noun: str) -> list[int]:
    """The numbers, each once, as plain integers."""
    kept: dict[int, None] = {}
    for number in numbers:
        try:
            kept[operator.index(number)] = None
        except TypeError:
            raise SelectionError(f"A {noun} must be a whole number, got {number!r}.") from None
    if kept and min(kept) < 0:
        raise SelectionError(f"A {noun} must be at least 0, got {min(kept)}.")
    return list(kept)


def _numbers(value: Iterable[Any], name: str, action: str) -> list[int]:
    return _whole(value, name.removesuffix("s"))


def _number(value: Any, name: str, action: str) -> int:
    return _whole([value], name)[0]


def _text(value: Any, name: str, action: str) -> str:
    if not isinstance(value, str):
        raise SelectionError(f"The {name} of a {action} must be text, got {value!r}.")
    return value.strip()


def _mode(value: Any, name: str, action: str) -> str:
    if value not in VETOES:
        raise SelectionError(f"Unknown veto {value!r}: it must be one of {', '.join(VETOES)}.")
    return value


def _name(value: Any, name: str, action: str) -> str:
    text = _text(value, name, action)
    if not text:
        raise SelectionError("A saved selection needs a name and a specification.")
    return text


def _spec(value: Any, name: str, action: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SelectionError("A saved selection needs a name and a specification.")
    return value


def _checked_before(value: Any, name: str, action: str) -> Any:
    return value


# --- the table of actions


@dataclass(frozen=True)
class Action:
    """A decision: the check of each of its details, what it does to a draft, and how it is told."""

    details: dict[str, Callable[[Any, str, str], Any]]
    apply: Callable[..., None]
    tell: Callable[[dict[str, Any]], str]


ACTIONS: dict[str, Action] = {
    "veto": Action(
        {"features": _numbers, "mode": _mode, "reason": _text},
        _veto,
        lambda d: f"veto ({d['mode']}) on {_some('feature', d['features'])}" + _quoted(d["reason"]),
    ),
    "unveto": Action({"features": _numbers}, _unveto, lambda d: f"veto lifted from {_some('feature', d['features'])}"),
    "pin": Action({"rows": _numbers}, _pin, lambda d: f"{_some('row', d['rows'])} pinned"),
    "unpin": Action(
        {"rows": _numbers}, lambda draft, rows: _drop(draft.pins, rows), lambda d: f"{_some('row', d['rows'])} unpinned"
    ),
    "ban": Action({"rows": _numbers}, _ban, lambda d: f"{_some('row', d['rows'])} banned"),
    "unban": Action(
        {"rows": _numbers},
        lambda draft, rows: _drop(draft.bans, rows),
        lambda d: f"ban lifted from {_some('row', d['rows'])}",
    ),
    "label": Action(
        {"feature": _number, "text": _text, "date": _text},
        _label,
        lambda d: f"label of feature {d['feature']}" + (_quoted(d["text"]) or " removed"),
    ),
    "note": Action(
        {"row": _number, "text": _text},
        lambda draft, row, text: _set(draft.notes, row, text),
        lambda d: f"note on row {d['row']}" + (_quoted(d["text"]) or " removed"),
    ),
    "save_selection": Action(
        {"name": _name, "spec": _spec}, _save_selection, lambda d: "selection saved" + _quoted(d["name"])
    ),
    "import": Action({"steps": _checked_before}, _import, lambda d: f"{many(len(d['steps']), 'decision')} imported"),
}


def checked(action: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The detail of an event, fit for JSON; raises SelectionError."""
    checks = ACTIONS[action].details
    return {name: checks[name](value, name, action) for name, value in detail.items()}


def steps_of(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The content of an exported file as actions; raises what a file of another shape leads to."""
    reasons = {int(f): text for f, text in content["reasons"].items()}
    steps = [
        ("veto", {"features": [int(f)], "mode": mode, "reason": reasons.get(int(f), "")})
        for f, mode in content["vetoes"].items()
    ]
    steps += [("pin", {"rows": [row]}) for row in content["pins"]]
    steps += [("ban", {"rows": [row]}) for row in content["bans"]]
    dates = content.get("dates", {})
    steps += [("label", {"feature": int(f), "text": t, "date": dates.get(f, "")}) for f, t in content["labels"].items()]
    steps += [("note", {"row": int(row), "text": text}) for row, text in content["notes"].items()]
    steps += [("save_selection", {"name": n, "spec": spec}) for n, spec in content["selections"].items()]
    return [(action, checked(action, detail)) for action, detail in steps]
