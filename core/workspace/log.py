"""A person's decisions on a store: vetoes, boosts, quotas, pins, bans, labels, sets, tags, selections; undo and redo.

They are kept in SQLite and not in DuckDB, which lets only one process hold a file that is written: here several
dashboards and commands write at once, each a small transaction (WAL mode; writers wait for each other, readers never).
The events are the truth and none is ever deleted; the state is what follows from those that are not undone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from filelock import FileLock

from core.errors import DamagedError, DataError, SelectionError
from core.selection.constraints import check_rows
from core.selection.specs import spec_from
from core.system.disk import writing
from core.system.files import replacing
from core.system.kept import now
from core.system.sqlite import connection
from core.workspace.actions import ACTIONS, UNDOABLE, Draft, checked
from core.workspace.decisions import WorkspaceState, exported, rows_in, state_of, steps_of, steps_to
from core.workspace.events import Event, told

TABLE = """CREATE TABLE IF NOT EXISTS events(
    id INTEGER PRIMARY KEY AUTOINCREMENT, store TEXT NOT NULL, time TEXT NOT NULL, action TEXT NOT NULL,
    detail TEXT NOT NULL, status TEXT NOT NULL, version INTEGER NOT NULL)"""
ADDED = "INSERT INTO events(store, time, action, detail, status, version) VALUES (?, ?, ?, ?, ?, ?)"
LEFT_OUT = """UPDATE events SET status = ?, version = 1 + coalesce(
    (SELECT max(version) FROM events WHERE typeof(version) = 'integer' AND version < 1 << 62), 0) WHERE id = ?"""
DONE, UNDONE, DISCARDED, DAMAGED = "done", "undone", "discarded", "damaged"  # discarded: overtaken when undone
HOLDS = "The decisions"
MANY = 2**62  # samples, where a caller does not know how many the store has


class _DamagedEventError(Exception):
    """The event of this id cannot be read."""


class Workspace:
    """The decisions on the store of this key. Any number of objects, threads and processes may use one file."""

    def __init__(self, path: Path, store_key: str) -> None:
        self.path, self.store_key = Path(path), store_key
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))  # SQLite does not wait for this change of mode
        with writing(self.path), lock, self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")  # stays with the file

    def veto(self, features: Iterable[int], mode: str = "ignore", reason: str = "", lens: str = "tokens") -> None:
        """Give features of a lens no credit (ignore), or keep every sample that has one out (block)."""
        self._append("veto", features=features, mode=mode, reason=reason, lens=lens)

    def unveto(self, features: Iterable[int], lens: str = "tokens") -> None:
        """Lift the vetoes on features of a lens."""
        self._append("unveto", features=features, lens=lens)

    def pin(self, rows: Iterable[int]) -> None:
        """Take these rows of the store first, whatever they bring; a ban on them is lifted."""
        self._append("pin", rows=rows)

    def unpin(self, rows: Iterable[int]) -> None:
        """Lift pins."""
        self._append("unpin", rows=rows)

    def ban(self, rows: Iterable[int], reason: str = "") -> None:
        """Never take these rows of the store, for a reason or none; a pin on them is lifted."""
        self._append("ban", rows=rows, **({"reason": reason} if reason else {}))

    def replace(self, groups: Iterable[Iterable[int]], what: str) -> None:
        """Ban all rows of each group but its first, which stays, as the copies that they are of it: near-copy, say."""
        self._append("replace", groups=[list(rows) for rows in groups], what=what)

    def unban(self, rows: Iterable[int]) -> None:
        """Lift bans."""
        self._append("unban", rows=rows)

    def lift(self, rows: Iterable[int]) -> None:
        """Lift pins and bans alike."""
        self._append("lift", rows=rows)

    def label(self, feature: int, text: str, lens: str = "tokens") -> None:
        """Say what a feature of a lens stands for; an empty text removes the label."""
        self._append("label", feature=feature, text=text, date=now("milliseconds"), lens=lens)

    def boost(self, features: Iterable[int], factor: float, lens: str = "tokens") -> None:
        """Multiply the weight of features of a lens by a factor from 0 to 10; 1 lifts their boost."""
        self._append("boost", features=features, factor=factor, lens=lens)

    def boosts(self, factors: Mapping[int, float], of: str, lens: str = "tokens") -> None:
        """Multiply the weight of each feature by a factor of its own, by what sets a group of samples apart."""
        self._append("boosts", features=factors, factors=list(factors.values()), of=of, lens=lens)

    def quota(self, quota: str) -> None:
        """Bound what a selection has of a group, such as source:code<=10%, instead of an earlier bound of that kind."""
        self._append("quota", quota=quota)

    def lift_quotas(self, quotas: Iterable[str]) -> None:
        """Lift quotas."""
        self._append("lift_quotas", quotas=quotas)

    def note(self, rows: Iterable[int], text: str) -> None:
        """Write a note on samples; an empty text removes it."""
        self._append("note", rows=rows, text=text)

    def save_set(self, name: str, rows: Iterable[int]) -> None:
        """Keep rows of the store under a name; an earlier set of that name is replaced."""
        self._append("save_set", name=name, rows=rows)

    def add_to_set(self, name: str, rows: Iterable[int]) -> None:
        """Add rows to a set, which is made if there is none of that name."""
        self._append("add_to_set", name=name, rows=rows)

    def take_from_set(self, name: str, rows: Iterable[int]) -> None:
        """Take rows out of a set, which stays."""
        self._append("take_from_set", name=name, rows=rows)

    def delete_set(self, name: str) -> None:
        """Forget a set; its samples stay."""
        self._append("delete_set", name=name)

    def tag(self, rows: Iterable[int], tag: str) -> None:
        """Tag samples; each keeps the tags that it has."""
        self._append("tag", tag=tag, rows=rows)

    def untag(self, rows: Iterable[int], tag: str) -> None:
        """Take a tag from samples."""
        self._append("untag", tag=tag, rows=rows)

    def save_search(self, name: str, fields: dict[str, str]) -> None:
        """Keep the fields of a search under a name; an earlier one of that name is replaced."""
        self._append("save_search", name=name, fields=fields)

    def drop_search(self, name: str) -> None:
        """Forget a saved search; undo brings it back."""
        self._append("drop_search", name=name)

    def rename_selection(self, name: str, to: str) -> None:
        """Give a saved selection another name; another one of that name is replaced."""
        self._append("rename_selection", name=name, to=to)

    def delete_selection(self, name: str) -> None:
        """Forget a saved selection; saving its specification again brings it back."""
        self._append("delete_selection", name=name)

    def save_selection(self, name: str, spec: dict[str, Any]) -> None:
        """Keep a specification, JSON values only, under a name; an earlier one of that name is replaced."""
        self._append("save_selection", name=name, spec=spec)

    def take_over(self, name: str) -> None:
        """Let the decisions that a saved selection obeys stand in the place of those of now, those on features of the
        other lens aside; raises SelectionError if there is none of that name, DataError if it cannot be used."""
        state = self.state()
        if name not in state.selections:
            raise SelectionError(f"There is no saved selection {name!r}.")
        if steps := steps_to(state, spec_from(state.selections[name])):
            self._append("import", steps=steps, of=name)

    def undo(self) -> str | None:
        """Take the last decision back; gives its description, or None if there is none. Saved selections stay."""
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
        return [Event(i, time, a, told(a, d), status != DONE) for i, time, a, d, status in found]

    def state(self) -> WorkspaceState:
        """What the decisions that are not undone amount to."""
        with self._connection() as db:
            draft, version = self._fold(db)
            return state_of(draft, version, self._next(db, DONE, "max"), self._next(db, UNDONE, "min"))

    def version(self) -> int:
        """The version of the state, without reading it; it grows with every change, undo and redo included."""
        with self._connection() as db:
            return db.execute("SELECT max(version) FROM events WHERE store = ?", (self.store_key,)).fetchone()[0] or 0

    def exported(self) -> str:
        """The decisions as the text of a file, JSON, which `take_in` reads."""
        return json.dumps({"store": self.store_key, **exported(self.state())}, indent=1) + "\n"

    def export_json(self, path: Path) -> None:
        """Write the decisions to a file that `import_json` reads; raises DataError, or DiskError, if it cannot be."""
        try:
            with replacing(Path(path)) as temporary:
                temporary.write_text(self.exported(), encoding="utf-8")
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error

    def import_json(self, path: Path, n_samples: int = MANY) -> None:
        """Add the decisions of a file as `take_in` does, which says what is raised; DataError if it cannot be read."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        self.take_in(content, str(path), n_samples)

    def take_in(self, content: bytes, name: str, n_samples: int = MANY) -> None:
        """Add the decisions of a file's content to those here, as one event that undo takes back, and its saved
        selections; where the two differ the file's count. name: what the file is called in an error.

        Raises DataError for a content that is none, SelectionError for one of another store or with wrong entries.
        """
        try:
            found = json.loads(content)
            key, steps = found["store"], steps_of(found)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DataError(f"{name} is not a file of decisions: export one from a workspace.") from error
        if key != self.store_key:
            raise SelectionError(f"{name} holds decisions on the store {key}, this one is {self.store_key}.")
        check_rows(rows_in(steps), n_samples)
        self._append("import", steps=[step for step in steps if step[0] in UNDOABLE])
        for action, detail in steps:
            if action not in UNDOABLE:
                self._append(action, **detail)

    def _append(self, action: str, **detail: Any) -> None:
        """Record an event, unless it changes nothing: an undo always has an effect that can be seen."""
        try:
            text = json.dumps(checked(action, detail))
        except (TypeError, ValueError) as error:
            raise SelectionError(f"The detail of a {action} must be plain JSON values: {error}.") from error
        with self._connection("IMMEDIATE") as db:
            draft, version = self._fold(db)
            changed = deepcopy(draft)
            changed.now = time = now("milliseconds")
            ACTIONS[action].apply(changed, **json.loads(text))
            if changed == draft:
                return
            if action in UNDOABLE:
                overtaken = (DISCARDED, self.store_key, UNDONE)
                db.execute("UPDATE events SET status = ? WHERE store = ? AND status = ?", overtaken)
            db.execute(ADDED, (self.store_key, time, action, text, DONE, version + 1))

    def _switch(self, before: str, after: str, pick: str) -> str | None:
        """Undo takes the last event that is done, redo the first that is undone."""
        with self._connection("IMMEDIATE") as db:
            found = self._found(db, before, pick)
            if found is None:
                return None
            version = self._fold(db)[1] + 1
            db.execute("UPDATE events SET status = ?, version = ? WHERE id = ?", (after, version, found[0]))
        return told(*found[1:])

    def _next(self, db: sqlite3.Connection, status: str, pick: str) -> str:
        """How the event is told that `_switch` would take; nothing if there is none."""
        found = self._found(db, status, pick)
        return told(*found[1:]) if found else ""

    def _found(self, db: sqlite3.Connection, status: str, pick: str) -> tuple[int, str, str] | None:
        """The id, action and detail of the event to undo (DONE, max) or to redo (UNDONE, min), if there is one."""
        found = db.execute(
            f"SELECT {pick}(id), action, detail FROM events WHERE store = ? AND status = ? "
            f"AND action IN ({', '.join('?' * len(UNDOABLE))})",
            (self.store_key, status, *UNDOABLE),
        ).fetchone()  # SQLite takes the bare columns from the row of the max or min
        return None if found[0] is None else found

    def _fold(self, db: sqlite3.Connection) -> tuple[Draft, int]:
        """The decisions that stand, and the version: the last change of any event."""
        query = "SELECT id, time, action, detail, status, version FROM events WHERE store = ? ORDER BY id"
        draft, latest = Draft(), 0
        for number, draft.now, action, detail, status, version in db.execute(query, (self.store_key,)):
            try:
                latest = max(latest, version)
                if status == DONE:
                    ACTIONS[action].apply(draft, **checked(action, json.loads(detail)))
            except (ValueError, TypeError, KeyError, AttributeError, SelectionError) as error:
                raise _DamagedEventError(number) from error
        return draft, latest

    @contextmanager
    def _connection(self, begin: str = "") -> Iterator[sqlite3.Connection]:
        """A connection as `connection` gives; an event that cannot be read is left out from now on, which is said once,
        and is a change of its own to the version. SQLite has no checksums: changed bytes come out as they are.
        """
        try:
            with connection(self.path, HOLDS, TABLE, begin) as db:
                yield db
        except _DamagedEventError as error:
            with connection(self.path, HOLDS, TABLE, "IMMEDIATE") as db:
                db.execute(LEFT_OUT, (DAMAGED, *error.args))
            raise DamagedError(
                f"Decision {error.args[0]} in {self.path} is damaged and left out: it stays in the file, and the "
                "other decisions stand."
            ) from error
