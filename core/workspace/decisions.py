"""The decisions a person can take: what each does, how it is told, and what is checked."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import SelectionError
from core.schema import LENSES, NOUNS, VETOES
from core.system.shown import many

DEFAULT_LENS = "tokens"  # of a decision that names none: those recorded before there was another


@dataclass(frozen=True)
class FeatureDecisions:
    """What was decided on the features of one lens."""

    vetoes: dict[int, str] = field(default_factory=dict)  # feature: ignore or block
    reasons: dict[int, str] = field(default_factory=dict)  # of the vetoes that have one
    labels: dict[int, str] = field(default_factory=dict)  # feature: text
    dates: dict[int, str] = field(default_factory=dict)  # of the labels, UTC in ISO format


def nothing_decided() -> dict[str, FeatureDecisions]:
    """No decision on a feature of any lens."""
    return {lens: FeatureDecisions() for lens in LENSES}


@dataclass(frozen=True)
class WorkspaceState:
    """What the decisions amount to. `version` grows with every change, undo and redo included: a key for caches."""

    lenses: dict[str, FeatureDecisions] = field(default_factory=nothing_decided)
    pins: tuple[int, ...] = ()  # rows, in the order of pinning
    bans: tuple[int, ...] = ()
    notes: dict[int, str] = field(default_factory=dict)  # row: text
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
    can_undo: bool = False
    can_redo: bool = False

    def of(self, lens: str) -> FeatureDecisions:
        """The decisions on the features of a lens, one of LENSES."""
        return self.lenses[lens]


# --- what each action does to the decisions, and how it is told


@dataclass
class Draft:
    """The decisions while events are applied; pins and bans are dicts because these keep order and drop repetitions."""

    lenses: dict[str, FeatureDecisions] = field(default_factory=nothing_decided)
    pins: dict[int, None] = field(default_factory=dict)
    bans: dict[int, None] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)


def _veto(draft: Draft, features: list[int], mode: str, reason: str, lens: str = DEFAULT_LENS) -> None:
    own = draft.lenses[lens]
    for feature in features:
        own.vetoes[feature] = mode
        _set(own.reasons, feature, reason)


def _unveto(draft: Draft, features: list[int], lens: str = DEFAULT_LENS) -> None:
    _drop(draft.lenses[lens].vetoes, features)
    _drop(draft.lenses[lens].reasons, features)


def _pin(draft: Draft, rows: list[int]) -> None:
    _drop(draft.bans, rows)
    draft.pins.update(dict.fromkeys(rows))


def _ban(draft: Draft, rows: list[int]) -> None:
    _drop(draft.pins, rows)
    draft.bans.update(dict.fromkeys(rows))


def _label(draft: Draft, feature: int, text: str, date: str = "", lens: str = DEFAULT_LENS) -> None:
    own = draft.lenses[lens]
    if own.labels.get(feature, "") != text:
        _set(own.labels, feature, text)
        _set(own.dates, feature, date if text else "")


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


def _features(detail: dict[str, Any]) -> str:
    """The features of an event as its lens calls them: topic 12, feature 7, 3 topics."""
    return _some(NOUNS[detail.get("lens", DEFAULT_LENS)], detail.get("features") or [detail["feature"]])


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


def _lens(value: Any, name: str, action: str) -> str:
    if value not in LENSES:
        raise SelectionError(f"Unknown lens {value!r}: it must be one of {', '.join(LENSES)}.")
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
        {"features": _numbers, "mode": _mode, "reason": _text, "lens": _lens},
        _veto,
        lambda d: f"veto ({d['mode']}) on {_features(d)}" + _quoted(d["reason"]),
    ),
    "unveto": Action({"features": _numbers, "lens": _lens}, _unveto, lambda d: f"veto lifted from {_features(d)}"),
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
        {"feature": _number, "text": _text, "date": _text, "lens": _lens},
        _label,
        lambda d: f"label of {_features(d)}" + (_quoted(d["text"]) or " removed"),
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


FORMAT = 2  # of exported files: since 2 what was decided on features stands under its lens


def exported(state: WorkspaceState) -> dict[str, Any]:
    """The decisions as a file has them, JSON values only; `steps_of` reads them."""
    kept = {name: getattr(state, name) for name in ("pins", "bans", "notes", "selections")}
    return {"format": FORMAT, "lenses": {lens: vars(own) for lens, own in state.lenses.items()}, **kept}


def steps_of(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The content of an exported file as actions; raises what a file of another shape leads to."""
    lenses = content["lenses"] if content.get("format", 1) > 1 else {DEFAULT_LENS: content}
    steps = [step for lens, own in lenses.items() for step in _feature_steps(lens, own)]
    steps += [("pin", {"rows": [row]}) for row in content["pins"]]
    steps += [("ban", {"rows": [row]}) for row in content["bans"]]
    steps += [("note", {"row": int(row), "text": text}) for row, text in content["notes"].items()]
    steps += [("save_selection", {"name": n, "spec": spec}) for n, spec in content["selections"].items()]
    return [(action, checked(action, detail)) for action, detail in steps]


def _feature_steps(lens: str, own: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was decided on the features of a lens, as actions."""
    dates, reasons = own.get("dates", {}), own["reasons"]
    for f, mode in own["vetoes"].items():
        yield "veto", {"features": [int(f)], "mode": mode, "reason": reasons.get(f, ""), "lens": lens}
    for f, text in own["labels"].items():
        yield "label", {"feature": int(f), "text": text, "date": dates.get(f, ""), "lens": lens}
