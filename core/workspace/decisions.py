"""What the decisions on a store amount to, and the file that they are kept in or taken from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.schema import SelectionSpec
from core.workspace.actions import Draft, FeatureDecisions, checked, nothing_decided
from core.workspace.telling import DEFAULT_LENS


@dataclass(frozen=True)
class WorkspaceState:
    """What the decisions amount to. `version` grows with every change, undo and redo included: a key for caches."""

    lenses: dict[str, FeatureDecisions] = field(default_factory=nothing_decided)
    pins: tuple[int, ...] = ()  # rows, in the order of pinning
    bans: tuple[int, ...] = ()
    replaced: dict[int, tuple[int, str]] = field(default_factory=dict)  # banned row: the one that stays, and as what
    dates: dict[int, str] = field(default_factory=dict)  # of pins, bans and notes, the latest, UTC in ISO format
    why_banned: dict[int, str] = field(default_factory=dict)  # row: the reason of its ban, where there is one
    notes: dict[int, str] = field(default_factory=dict)  # row: text
    sets: dict[str, tuple[int, ...]] = field(default_factory=dict)  # name: rows, in the order of adding
    tags: dict[str, tuple[int, ...]] = field(default_factory=dict)  # tag: rows, in the order of tagging
    searches: dict[str, dict[str, str]] = field(default_factory=dict)  # name: the fields of the page Search
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)
    quotas: tuple[str, ...] = ()  # in the order of adding
    version: int = 0
    next_undo: str = ""  # what undo would take back, nothing if there is none
    next_redo: str = ""

    def of(self, lens: str) -> FeatureDecisions:
        """The decisions on the features of a lens, one of LENSES."""
        return self.lenses[lens]

    def ban_told(self, row: int) -> str:
        """Why a row is banned: the row of which it is a copy, or the reason that was given; "" where there is none."""
        if row not in self.replaced:
            return f"banned: {self.why_banned[row]}" if row in self.why_banned else ""
        stays, what = self.replaced[row]
        return f"banned: {what} of row {stays}" + ("" if stays in self.bans else ", which stays")


def state_of(draft: Draft, version: int, next_undo: str, next_redo: str) -> WorkspaceState:
    """A draft that no event is applied to any more."""
    sets, tags = ({name: tuple(rows) for name, rows in named.items()} for named in (draft.sets, draft.tags))
    decided = draft.pins | draft.bans
    dates = decided | {row: max(time, decided.get(row, "")) for row, time in draft.noted.items()}
    return WorkspaceState(
        draft.lenses, tuple(draft.pins), tuple(draft.bans), draft.replaced, dates, draft.why_banned, draft.notes,
        sets, tags, draft.searches, draft.selections, draft.quotas, version, next_undo, next_redo,
    )  # fmt: skip


def decisions_in(spec: dict[str, Any]) -> int:
    """How many pins, bans, vetoes, boosts and quotas a saved selection obeys."""
    return sum(len(spec.get(name, ())) for name in ("pins", "bans", "vetoes", "boosts", "quotas"))


GROUPS = ("rows", "features", "quotas", "quota")  # what a step of `steps_to` is about: one of these
FORMAT = 2  # of exported files: since 2 what was decided on features stands under its lens


def steps_to(state: WorkspaceState, spec: SelectionSpec) -> list[tuple[str, dict[str, Any]]]:
    """What takes the decisions that stand to those that a request obeys, as actions; those on features of the other
    lens stay."""
    own, lens = state.of(spec.lens), {"lens": spec.lens}
    pins = () if state.pins == spec.pins else (("unpin", {"rows": state.pins}), ("pin", {"rows": spec.pins}))
    steps: list[tuple[str, dict[str, Any]]] = [
        *pins,
        ("unban", {"rows": without(state.bans, spec.bans)}),
        ("ban", {"rows": without(spec.bans, state.bans)}),
        ("unveto", {"features": without(own.vetoes, spec.vetoes), **lens}),
        *(
            ("veto", {"features": [feature], "mode": mode, "reason": "", **lens})
            for feature, mode in spec.vetoes.items()
            if own.vetoes.get(feature) != mode
        ),
        ("boost", {"features": without(own.boosts, spec.boosts), "factor": 1.0, **lens}),
        *(
            ("boost", {"features": [feature], "factor": factor, **lens})
            for feature, factor in spec.boosts.items()
            if own.boosts.get(feature) != factor
        ),
        ("lift_quotas", {"quotas": without(state.quotas, spec.quotas)}),
        *(("quota", {"quota": quota}) for quota in without(spec.quotas, state.quotas)),
    ]
    return [(action, checked(action, of)) for action, of in steps if any(of.get(group) for group in GROUPS)]


def without(some: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """Those of `some` that are not among `others`, in order."""
    known = set(others)
    return [one for one in some if one not in known]


def exported(state: WorkspaceState) -> dict[str, Any]:
    """The decisions as a file has them, JSON values only; `steps_of` reads them."""
    names = ("pins", "bans", "replaced", "why_banned", "notes", "sets", "tags", "searches", "selections", "quotas")
    kept = {name: getattr(state, name) for name in names}
    lenses = {
        lens: {name: value for name, value in vars(own).items() if name != "times"}
        for lens, own in state.lenses.items()
    }
    return {"format": FORMAT, "lenses": lenses, **kept}


def steps_of(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The content of an exported file as actions; raises what a file of another shape leads to."""
    lenses = content["lenses"] if content.get("format", 1) > 1 else {DEFAULT_LENS: content}
    steps = [step for lens, own in lenses.items() for step in _feature_steps(lens, own)]
    steps += [("pin", {"rows": [row]}) for row in content["pins"]]
    why = content.get("why_banned", {})
    steps += [("ban", {"rows": [row], "reason": why.get(str(row), "")}) for row in content["bans"]]
    steps += [
        ("replace", {"groups": [[stays, int(row)]], "what": what})
        for row, (stays, what) in content.get("replaced", {}).items()
    ]
    steps += [("note", {"rows": [int(row)], "text": text}) for row, text in content["notes"].items()]
    steps += [("save_set", {"name": name, "rows": rows}) for name, rows in content.get("sets", {}).items()]
    steps += [("tag", {"tag": tag, "rows": rows}) for tag, rows in content.get("tags", {}).items()]
    steps += [("quota", {"quota": text}) for text in content.get("quotas", ())]
    steps += [("save_search", {"name": name, "fields": of}) for name, of in content.get("searches", {}).items()]
    steps += [("save_selection", {"name": n, "spec": spec}) for n, spec in content["selections"].items()]
    return [(action, checked(action, detail)) for action, detail in steps]


def rows_in(steps: Sequence[tuple[str, dict[str, Any]]]) -> list[int]:
    """The rows that actions are on."""
    groups = (group for _, detail in steps for group in (detail.get("rows", ()), *detail.get("groups", ())))
    return [row for group in groups for row in group]


def _feature_steps(lens: str, own: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was decided on the features of a lens, as actions."""
    dates, reasons = own.get("dates", {}), own["reasons"]
    for f, mode in own["vetoes"].items():
        yield "veto", {"features": [int(f)], "mode": mode, "reason": reasons.get(f, ""), "lens": lens}
    for f, text in own["labels"].items():
        yield "label", {"feature": int(f), "text": text, "date": dates.get(f, ""), "lens": lens}
    for f, factor in own.get("boosts", {}).items():
        yield "boost", {"features": [int(f)], "factor": factor, "lens": lens}
