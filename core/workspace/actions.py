"""The decisions a person can take: what each does to those that stand, how it is told, and what is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.schema import LENSES
from core.selection.quotas import added, parsed
from core.workspace import values
from core.workspace.telling import (
    DEFAULT_LENS,
    boosted,
    copies,
    imported,
    of_features,
    of_rows,
    quotas_lifted,
    quoted,
    replaced,
)  # fmt: skip


@dataclass(frozen=True)
class FeatureDecisions:
    """What was decided on the features of one lens."""

    vetoes: dict[int, str] = field(default_factory=dict)  # feature: ignore or block
    reasons: dict[int, str] = field(default_factory=dict)  # of the vetoes that have one
    labels: dict[int, str] = field(default_factory=dict)  # feature: text
    dates: dict[int, str] = field(default_factory=dict)  # of the labels, UTC in ISO format
    boosts: dict[int, float] = field(default_factory=dict)  # feature: what its weight is multiplied by
    times: dict[int, str] = field(default_factory=dict, compare=False)  # of vetoes and boosts, the latest, as dates


def nothing_decided() -> dict[str, FeatureDecisions]:
    """No decision on a feature of any lens."""
    return {lens: FeatureDecisions() for lens in LENSES}


@dataclass
class Draft:
    """The decisions while events are applied; groups of rows are dicts, which keep order and drop repetitions.

    now: the time of the event that is applied, which pins, bans, notes, vetoes and boosts keep.
    """

    lenses: dict[str, FeatureDecisions] = field(default_factory=nothing_decided)
    pins: dict[int, str] = field(default_factory=dict)
    bans: dict[int, str] = field(default_factory=dict)
    replaced: dict[int, tuple[int, str]] = field(default_factory=dict)  # banned row: the one that stays, and as what
    why_banned: dict[int, str] = field(default_factory=dict)  # of the bans that have a reason
    notes: dict[int, str] = field(default_factory=dict)
    noted: dict[int, str] = field(default_factory=dict, compare=False)  # when
    sets: dict[str, dict[int, None]] = field(default_factory=dict)
    tags: dict[str, dict[int, None]] = field(default_factory=dict)
    searches: dict[str, dict[str, str]] = field(default_factory=dict)
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)
    quotas: tuple[str, ...] = ()
    now: str = field(default="", compare=False)


# --- what each action does


def _veto(draft: Draft, features: list[int], mode: str, reason: str, lens: str = DEFAULT_LENS) -> None:
    own = draft.lenses[lens]
    for feature in features:
        own.vetoes[feature] = mode
        own.times[feature] = draft.now
        _set(own.reasons, feature, reason)


def _unveto(draft: Draft, features: list[int], lens: str = DEFAULT_LENS) -> None:
    _drop(draft.lenses[lens].vetoes, features)
    _drop(draft.lenses[lens].reasons, features)


def _boost(draft: Draft, features: list[int], factor: float, lens: str) -> None:
    own = draft.lenses[lens]
    _drop(own.boosts, features)
    if factor != 1:
        own.boosts.update(dict.fromkeys(features, factor))
        own.times.update(dict.fromkeys(features, draft.now))


def _boosts(draft: Draft, features: list[int], factors: list[float], of: str, lens: str) -> None:
    for feature, factor in zip(features, factors, strict=True):
        _boost(draft, [feature], factor, lens)


def _quota(draft: Draft, quota: str) -> None:
    draft.quotas = added(draft.quotas, quota)


def _lift_quotas(draft: Draft, quotas: list[str]) -> None:
    draft.quotas = tuple(quota for quota in draft.quotas if quota not in quotas)


def _pin(draft: Draft, rows: list[int]) -> None:
    _unban(draft, rows)
    draft.pins |= {row: draft.pins.get(row, draft.now) for row in rows}


def _ban(draft: Draft, rows: list[int], reason: str = "") -> None:
    _drop(draft.pins, rows)
    draft.bans |= {row: draft.bans.get(row, draft.now) for row in rows}
    draft.why_banned |= dict.fromkeys(rows, reason) if reason else {}


def _replace(draft: Draft, groups: list[list[int]], what: str) -> None:
    _ban(draft, copies(groups), f"{what} of a sample that stays")
    draft.replaced |= {row: (stays, what) for stays, *rows in groups for row in rows}


def _unban(draft: Draft, rows: list[int]) -> None:
    for kept in (draft.bans, draft.why_banned, draft.replaced):
        _drop(kept, rows)


def _lift(draft: Draft, rows: list[int]) -> None:
    _drop(draft.pins, rows)
    _unban(draft, rows)


def _label(draft: Draft, feature: int, text: str, date: str = "", lens: str = DEFAULT_LENS) -> None:
    own = draft.lenses[lens]
    if own.labels.get(feature, "") != text:
        _set(own.labels, feature, text)
        _set(own.dates, feature, date if text else "")


def _note(draft: Draft, text: str, rows: list[int] | None = None, row: int | None = None) -> None:
    for noted in rows or [] if row is None else [row]:  # once a note was on one row
        _set(draft.notes, noted, text)
        _set(draft.noted, noted, text and draft.now)


def _save_set(draft: Draft, name: str, rows: list[int]) -> None:
    draft.sets[name] = dict.fromkeys(rows)


def _add_to_set(draft: Draft, name: str, rows: list[int]) -> None:
    draft.sets.setdefault(name, {}).update(dict.fromkeys(rows))


def _take_from_set(draft: Draft, name: str, rows: list[int]) -> None:
    _drop(draft.sets.get(name, {}), rows)


def _tag(draft: Draft, tag: str, rows: list[int]) -> None:
    if rows:
        draft.tags.setdefault(tag, {}).update(dict.fromkeys(rows))


def _untag(draft: Draft, tag: str, rows: list[int]) -> None:
    """A tag that no sample has any more is gone."""
    _drop(draft.tags.get(tag, {}), rows)
    if not draft.tags.get(tag):
        draft.tags.pop(tag, None)


def _save_search(draft: Draft, name: str, fields: dict[str, str]) -> None:
    draft.searches[name] = fields


def _save_selection(draft: Draft, name: str, spec: dict[str, Any]) -> None:
    draft.selections[name] = spec


def _rename_selection(draft: Draft, name: str, to: str) -> None:
    """In its place; one that had the new name is gone."""
    if name in draft.selections and name != to:
        draft.selections.pop(to, None)
        renamed = {to if known == name else known: spec for known, spec in draft.selections.items()}
        draft.selections.clear()
        draft.selections.update(renamed)


def _import(draft: Draft, steps: list[tuple[str, dict[str, Any]]], of: str = "") -> None:
    for action, detail in steps:
        ACTIONS[action].apply(draft, **detail)


def _set(texts: dict[int, str], key: int, text: str) -> None:
    """Keep a text; an empty one removes what was there."""
    if text:
        texts[key] = text
    else:
        texts.pop(key, None)


def _drop(entries: dict[Any, Any], keys: list[Any]) -> None:
    for key in keys:
        entries.pop(key, None)


# --- the table of actions


@dataclass(frozen=True)
class Action:
    """A decision: the check of each of its details, what it does to a draft, and how it is told.

    undoable: whether undo takes it back; what a person saved stays until it is deleted.
    """

    details: Mapping[str, Callable[[Any, str, str], Any]]
    apply: Callable[..., None]
    tell: Callable[[dict[str, Any]], str]
    undoable: bool = True


ROWS, IN_SET = {"rows": values.numbers}, {"name": values.set_name, "rows": values.numbers}
TAGGED = {"tag": values.tag, "rows": values.numbers}
ACTIONS: dict[str, Action] = {
    "veto": Action(
        {"features": values.numbers, "mode": values.mode, "reason": values.text, "lens": values.lens},
        _veto,
        lambda d: f"veto ({d['mode']}) on {of_features(d)}" + quoted(d["reason"]),
    ),
    "unveto": Action(
        {"features": values.numbers, "lens": values.lens}, _unveto, lambda d: f"veto lifted from {of_features(d)}"
    ),
    "boost": Action({"features": values.numbers, "factor": values.factor, "lens": values.lens}, _boost, boosted),
    "boosts": Action(
        {"features": values.numbers, "factors": values.factors, "of": values.text, "lens": values.lens},
        _boosts,
        lambda d: f"boosts on {of_features(d)} by what sets apart{quoted(d['of'])}",
    ),
    "quota": Action({"quota": values.quota}, _quota, lambda d: f"quota: {parsed(d['quota']).told()}"),
    "lift_quotas": Action({"quotas": values.quotas}, _lift_quotas, quotas_lifted),
    "pin": Action(ROWS, _pin, lambda d: f"{of_rows(d)} pinned"),
    "unpin": Action(ROWS, lambda draft, rows: _drop(draft.pins, rows), lambda d: f"{of_rows(d)} unpinned"),
    "ban": Action(
        {**ROWS, "reason": values.text}, _ban, lambda d: f"{of_rows(d)} banned" + quoted(d.get("reason", ""))
    ),
    "replace": Action({"groups": values.copies, "what": values.text}, _replace, replaced),
    "unban": Action(ROWS, _unban, lambda d: f"ban lifted from {of_rows(d)}"),
    "lift": Action(ROWS, _lift, lambda d: f"pins and bans lifted from {of_rows(d)}"),
    "label": Action(
        {"feature": values.number, "text": values.text, "date": values.text, "lens": values.lens},
        _label,
        lambda d: f"label of {of_features(d)}" + (quoted(d["text"]) or " removed"),
    ),
    "note": Action(
        {"rows": values.numbers, "row": values.number, "text": values.text},
        _note,
        lambda d: f"note on {of_rows(d)}" + (quoted(d["text"]) or " removed"),
    ),
    "save_set": Action(IN_SET, _save_set, lambda d: f"{of_rows(d)} saved as a set" + quoted(d["name"])),
    "add_to_set": Action(IN_SET, _add_to_set, lambda d: f"{of_rows(d)} added to the set" + quoted(d["name"])),
    "take_from_set": Action(IN_SET, _take_from_set, lambda d: f"{of_rows(d)} taken from the set" + quoted(d["name"])),
    "delete_set": Action(
        {"name": values.set_name},
        lambda draft, name: _drop(draft.sets, [name]),
        lambda d: "set deleted" + quoted(d["name"]),
    ),
    "tag": Action(TAGGED, _tag, lambda d: f"{of_rows(d)} tagged" + quoted(d["tag"])),
    "untag": Action(TAGGED, _untag, lambda d: f"tag taken from {of_rows(d)}" + quoted(d["tag"])),
    "save_search": Action(
        {"name": values.search_name, "fields": values.fields},
        _save_search,
        lambda d: "search saved" + quoted(d["name"]),
    ),
    "drop_search": Action(
        {"name": values.search_name},
        lambda draft, name: _drop(draft.searches, [name]),
        lambda d: "search deleted" + quoted(d["name"]),
    ),
    "save_selection": Action(
        {"name": values.selection_name, "spec": values.spec},
        _save_selection,
        lambda d: "selection saved" + quoted(d["name"]),
        undoable=False,
    ),
    "rename_selection": Action(
        {"name": values.selection_name, "to": values.selection_name},
        _rename_selection,
        lambda d: "selection renamed" + quoted(d["to"]),
        undoable=False,
    ),
    "delete_selection": Action(
        {"name": values.selection_name},
        lambda draft, name: _drop(draft.selections, [name]),
        lambda d: "selection deleted" + quoted(d["name"]),
        undoable=False,
    ),
    "import": Action({"steps": values.checked_before, "of": values.text}, _import, imported),
}
UNDOABLE = [name for name, action in ACTIONS.items() if action.undoable]


def checked(action: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The detail of an event, fit for JSON; raises SelectionError."""
    checks = ACTIONS[action].details
    return {name: checks[name](value, name, action) for name, value in detail.items()}
