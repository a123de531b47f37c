"""A person's decisions on a store: vetoes, pins, bans, labels, notes, saved selections, with undo and redo.

They are kept in SQLite and not in DuckDB, which lets only one process hold a file that is written: here several
dashboards and commands write at once, each a small transaction (WAL mode; writers wait for each other, readers never).
The events are the truth and none is ever deleted; the state is what follows from those that are not undone.
"""

from __future__ import annotations

import json
import operator
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from core.errors import DataError, SelectionError, StoreError
from core.schema import VETOES
from core.system.files import replacing

WAIT = 30.0  # seconds for another process's transaction to end
TABLE = """CREATE TABLE IF NOT EXISTS events(
    id INTEGER PRIMARY KEY AUTOINCREMENT, store TEXT NOT NULL, time TEXT NOT NULL, action TEXT NOT NULL,
    detail TEXT NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL)"""
DONE, UNDONE, DISCARDED = "done", "undone", "discarded"  # discarded: undone, then overtaken by a new event


@dataclass(frozen=True)
class Event:
    """One decision; `time` is UTC in ISO format. `undone` ones have no effect now."""

    id: int
    time: str
    action: str
    description: str
    undone: bool


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
class _Draft:
    """The decisions while events are applied; pins and bans are dicts because these keep order and drop repetitions."""

    vetoes: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    pins: dict[int, None] = field(default_factory=dict)
    bans: dict[int, None] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    selections: dict[str, dict[str, Any]] = field(default_factory=dict)


def _veto(draft: _Draft, features: list[int], mode: str, reason: str) -> None:
    for feature in features:
        draft.vetoes[feature] = mode
        _set(draft.reasons, feature, reason)


def _unveto(draft: _Draft, features: list[int]) -> None:
    _drop(draft.vetoes, features)
    _drop(draft.reasons, features)


def _pin(draft: _Draft, rows: list[int]) -> None:
    _drop(draft.bans, rows)
    draft.pins.update(dict.fromkeys(rows))


def _ban(draft: _Draft, rows: list[int]) -> None:
    _drop(draft.pins, rows)
    draft.bans.update(dict.fromkeys(rows))


def _label(draft: _Draft, feature: int, text: str, date: str = "") -> None:
    if draft.labels.get(feature, "") != text:
        _set(draft.labels, feature, text)
        _set(draft.dates, feature, date if text else "")


def _save_selection(draft: _Draft, name: str, spec: dict[str, Any]) -> None:
    draft.selections[name] = spec


def _import(draft: _Draft, steps: list[tuple[str, dict[str, Any]]]) -> None:
    for action, detail in steps:
        APPLY[action](draft, **detail)


def _set(texts: dict[int, str], key: int, text: str) -> None:
    """Keep a text; an empty one removes what was there."""
    if text:
        texts[key] = text
    else:
        texts.pop(key, None)


def _drop(entries: dict[int, Any], keys: list[int]) -> None:
    for key in keys:
        entries.pop(key, None)


APPLY: dict[str, Callable[..., None]] = {
    "veto": _veto,
    "unveto": _unveto,
    "pin": _pin,
    "unpin": lambda draft, rows: _drop(draft.pins, rows),
    "ban": _ban,
    "unban": lambda draft, rows: _drop(draft.bans, rows),
    "label": _label,
    "note": lambda draft, row, text: _set(draft.notes, row, text),
    "save_selection": _save_selection,
    "import": _import,
}
TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "veto": lambda d: f"veto ({d['mode']}) on {_some('feature', d['features'])}" + _quoted(d["reason"]),
    "unveto": lambda d: f"veto lifted from {_some('feature', d['features'])}",
    "pin": lambda d: f"{_some('row', d['rows'])} pinned",
    "unpin": lambda d: f"{_some('row', d['rows'])} unpinned",
    "ban": lambda d: f"{_some('row', d['rows'])} banned",
    "unban": lambda d: f"ban lifted from {_some('row', d['rows'])}",
    "label": lambda d: f"label of feature {d['feature']}" + (_quoted(d["text"]) or " removed"),
    "note": lambda d: f"note on row {d['row']}" + (_quoted(d["text"]) or " removed"),
    "save_selection": lambda d: "selection saved" + _quoted(d["name"]),
    "import": lambda d: f"{len(d['steps'])} decisions imported",
}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _some(noun: str, numbers: list[int]) -> str:
    return f"{noun} {numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} {noun}s"


def _quoted(text: str) -> str:
    return f": “{text[:59]}…”" if len(text) > 60 else f": “{text}”" if text else ""


# --- checks


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


def _checked(action: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The detail of an event, fit for JSON; raises SelectionError."""
    if detail.get("mode", VETOES[0]) not in VETOES:
        raise SelectionError(f"Unknown veto {detail['mode']!r}: it must be one of {', '.join(VETOES)}.")
    for name in ("features", "rows"):
        if name in detail:
            detail[name] = _whole(detail[name], name[:-1])
    for name in ("feature", "row"):
        if name in detail:
            detail[name] = _whole([detail[name]], name)[0]
    for name in ("text", "reason", "name", "date"):
        if not isinstance(detail.get(name, ""), str):
            raise SelectionError(f"The {name} of a {action} must be text, got {detail[name]!r}.")
        if name in detail:
            detail[name] = detail[name].strip()
    if action == "save_selection" and not (detail["name"] and isinstance(detail["spec"], dict)):
        raise SelectionError("A saved selection needs a name and a specification.")
    return detail


# --- the workspace


class Workspace:
    """The decisions on the store of this key. Any number of objects, threads and processes may use one file."""

    def __init__(self, path: Path, store_key: str) -> None:
        self.path, self.store_key = Path(path), store_key
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))  # SQLite does not wait for this change of mode
        with self._connection() as db, lock:
            db.execute("PRAGMA journal_mode = WAL")  # stays with the file
            db.execute(TABLE)

    def veto(self, features: Iterable[int], mode: str = "ignore", reason: str = "") -> None:
        """Give features no credit (ignore), or keep every sample that has one out (block)."""
        self._append("veto", features=features, mode=mode, reason=reason)

    def unveto(self, features: Iterable[int]) -> None:
        """Lift the vetoes on features."""
        self._append("unveto", features=features)

    def pin(self, rows: Iterable[int]) -> None:
        """Take these rows of the store first, whatever they bring; a ban on them is lifted."""
        self._append("pin", rows=rows)

    def unpin(self, rows: Iterable[int]) -> None:
        """Lift pins."""
        self._append("unpin", rows=rows)

    def ban(self, rows: Iterable[int]) -> None:
        """Never take these rows of the store; a pin on them is lifted."""
        self._append("ban", rows=rows)

    def unban(self, rows: Iterable[int]) -> None:
        """Lift bans."""
        self._append("unban", rows=rows)

    def label(self, feature: int, text: str) -> None:
        """Say what a feature stands for; an empty text removes the label."""
        self._append("label", feature=feature, text=text, date=_now())

    def note(self, row: int, text: str) -> None:
        """Write a note on a sample; an empty text removes it."""
        self._append("note", row=row, text=text)

    def save_selection(self, name: str, spec: dict[str, Any]) -> None:
        """Keep a specification, JSON values only, under a name; an earlier one of that name is replaced."""
        self._append("save_selection", name=name, spec=spec)

    def undo(self) -> str | None:
        """Take the last decision back; gives its description, or None if there is none."""
        return self._switch(DONE, UNDONE, "max")

    def redo(self) -> str | None:
        """Take the last undo back; gives the decision's description, or None if there is none."""
        return self._switch(UNDONE, DONE, "min")

    def history(self, limit: int = 100) -> list[Event]:
        """The latest decisions, newest first, undone ones included."""
        with self._connection() as db:
            found = db.execute(
                "SELECT id, time, action, detail, status FROM events WHERE store = ? ORDER BY id DESC LIMIT ?",
                (self.store_key, limit),
            ).fetchall()
        return [Event(i, time, a, TOLD[a](json.loads(d)), status != DONE) for i, time, a, d, status in found]

    def state(self) -> WorkspaceState:
        """What the decisions that are not undone amount to."""
        with self._connection() as db:
            draft, statuses, version = self._fold(db)
        decided = vars(draft) | {"pins": tuple(draft.pins), "bans": tuple(draft.bans)}
        return WorkspaceState(**decided, version=version, can_undo=DONE in statuses, can_redo=UNDONE in statuses)

    def export_json(self, path: Path) -> None:
        """Write the decisions to a file that `import_json` reads."""
        decided = vars(self.state()) | {"store": self.store_key}
        for name in ("version", "can_undo", "can_redo"):
            del decided[name]
        try:
            with replacing(Path(path)) as temporary:
                temporary.write_text(json.dumps(decided, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error

    def import_json(self, path: Path) -> None:
        """Add the decisions of a file to those here, as one event; where the two differ the file's count."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            key, steps = content["store"], _steps(content)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError(f"{path} is not a file of decisions: export one from a workspace.") from error
        if key != self.store_key:
            raise SelectionError(f"{path} holds decisions on the store {key}, this one is {self.store_key}.")
        self._append("import", steps=steps)

    def _append(self, action: str, **detail: Any) -> None:
        """Record an event, unless it changes nothing: an undo always has an effect that can be seen."""
        try:
            text = json.dumps(_checked(action, detail))
        except (TypeError, ValueError) as error:
            raise SelectionError(f"The detail of a {action} must be plain JSON values: {error}.") from error
        with self._connection("IMMEDIATE") as db:
            draft, _, version = self._fold(db)
            changed = deepcopy(draft)
            APPLY[action](changed, **json.loads(text))
            if changed == draft:
                return
            db.execute(
                "UPDATE events SET status = ? WHERE store = ? AND status = ?", (DISCARDED, self.store_key, UNDONE)
            )
            row = (self.store_key, _now(), action, text, DONE, version + 1)
            db.execute(
                "INSERT INTO events(store, time, action, detail, status, version) VALUES (?, ?, ?, ?, ?, ?)", row
            )

    def _switch(self, before: str, after: str, pick: str) -> str | None:
        """Undo takes the last event that is done, redo the first that is undone."""
        with self._connection("IMMEDIATE") as db:
            found = db.execute(
                f"SELECT {pick}(id), action, detail FROM events WHERE store = ? AND status = ?",
                (self.store_key, before),
            ).fetchone()  # SQLite takes the bare columns from the row of the max or min
            if found[0] is None:
                return None
            version = self._fold(db)[2] + 1
            db.execute("UPDATE events SET status = ?, version = ? WHERE id = ?", (after, version, found[0]))
        return TOLD[found[1]](json.loads(found[2]))

    def _fold(self, db: sqlite3.Connection) -> tuple[_Draft, set[str], int]:
        """The decisions that stand, the statuses that occur, and the version: the last change of any event."""
        query = "SELECT action, detail, status, version FROM events WHERE store = ? ORDER BY id"
        draft, statuses, latest = _Draft(), set(), 0
        for action, detail, status, version in db.execute(query, (self.store_key,)):
            statuses.add(status)
            latest = max(latest, version)
            if status == DONE:
                APPLY[action](draft, **json.loads(detail))
        return draft, statuses, latest

    @contextmanager
    def _connection(self, begin: str = "") -> Iterator[sqlite3.Connection]:
        """A connection for one piece of work, of any thread; with `begin` a transaction, lost if the block raises."""
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)) as db:
                if begin:
                    db.execute(f"BEGIN {begin}")
                yield db
                if begin:
                    db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The decisions in {self.path} cannot be read or written: {error}.") from error


def _steps(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
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
    return [(action, _checked(action, detail)) for action, detail in steps]
