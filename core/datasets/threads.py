"""Flat rows of one message each, put together into conversations by the ids that they name."""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from core.datasets.containers import RecordFile
from core.datasets.layouts.columns import number
from core.datasets.layouts.names import CONVERSATIONS, RESPONSES, ROLES, find, fold
from core.datasets.layouts.turns import SPEAKER, TEXT
from core.datasets.originals import Packed, pack, together
from core.datasets.rows import BadRow, Record
from core.system.disk import writing
from core.system.files import cache_dir
from core.system.shown import many

THREAD = ("conversation_id", "conv_id", "thread_id", "dialogue_id", "dialog_id", "session_id", "message_tree_id")
PARENT, OWN = ("parent_id", "parent_message_id"), ("message_id", "id")
PLACE = ("turn", "turn_id", "turn_index", "turn_idx", "message_index", "position", "index")
HELD = """CREATE TABLE held(n INTEGER PRIMARY KEY, name TEXT, above TEXT, reached INTEGER DEFAULT 0, row BLOB);
CREATE INDEX by_name ON held(name, n);
CREATE INDEX by_above ON held(above, n);"""


def rebuilt(file: RecordFile, rows: Iterator[Record]) -> Iterator[Record]:
    """The records as they are; where the first is a single message, conversations of all, which wait in a file.

    Rows that name a parent become a tree with `replies`, others a record with `messages`; the rows are whole therein.
    """
    for first in rows:
        if not isinstance(first.value, BadRow):
            break
        yield first
    else:
        return
    rows = chain([first], rows)
    if file.apart or not is_message(first.value):
        yield from rows
        return
    by_parent = bool(find(first.value, PARENT) and find(first.value, OWN))
    own, above = (next(iter(find(first.value, names)), "") for names in ((OWN if by_parent else THREAD), PARENT))
    with _waiting() as held:
        n = n_found = 0
        for row in rows:
            if not is_message(row.value):
                bad = BadRow(row.position, "is no message as the first row is")
                yield row if isinstance(row.value, BadRow) else Record(row.position, bad)
            elif not by_parent and not _thread(row.value):
                empty = find(row.value, (*THREAD, *PARENT))[0]
                yield Record(row.position, BadRow(row.position, f"{empty} is empty: it names no conversation", empty))
            else:
                n += 1
                named = _name(row.value, own) if by_parent else "\n".join(_thread(row.value))
                parent = _name(row.value, above) if by_parent else None
                held.execute("INSERT INTO held(name, above, row) VALUES (?, ?, ?)", [named, parent, _packed(row)])
        for record in _trees(held, above) if by_parent else _threads(held):
            n_found += not isinstance(record.value, BadRow)
            yield record
    name = find(first.value, PARENT if by_parent else THREAD)[0]
    file.warnings.append(
        f"{file.source}: {many(n, 'row')} of one message each are {many(n_found, 'conversation')} by {name}; "
        "rows count these."
    )


def is_message(record: Any) -> bool:
    """Whether a record is one message that names its conversation or the message that it replies to."""
    return is_turn(record) and bool(find(record, THREAD) or (find(record, PARENT) and find(record, OWN)))


def is_turn(record: Any) -> bool:
    """Whether a record is one message."""
    if not isinstance(record, dict) or find(record, (*CONVERSATIONS, *RESPONSES, "replies")):
        return False
    speaker, text = (next((record[key] for key in find(record, names)), None) for names in (SPEAKER, TEXT))
    return isinstance(speaker, str) and fold(speaker) in ROLES and isinstance(text, str)


def _name(record: dict, key: str) -> str | None:
    """What a column names, None for what is empty, as in a CSV file's cell."""
    value = record.get(key)
    return None if value is None or value == "" else str(value)


def _thread(record: dict) -> tuple[str, ...]:
    """The column that names a record's conversation, and its name; nothing where all such columns are empty."""
    named = ((key, name) for key in find(record, THREAD) if (name := _name(record, key)) is not None)
    return next(named, ())


@contextmanager
def _waiting() -> Iterator[sqlite3.Connection]:
    """A table of rows in a file, which goes at the end: a conversation is whole when all rows have been read."""
    folder = cache_dir()
    with (
        writing(folder),
        tempfile.TemporaryDirectory(dir=folder, prefix=".messages-") as name,
        closing(sqlite3.connect(Path(name) / "rows", isolation_level=None)) as held,
    ):
        held.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {HELD} BEGIN")
        yield held


def _packed(row: Record) -> bytes:
    """A row as bytes; a table of it alone, not with the rows beside it, as pickle would."""
    original = row.original
    if original is not None and not isinstance(original, str):
        (original,) = pack([original])
    return pickle.dumps(row._replace(original=original))


def _unpacked(data: bytes) -> Record:
    """The row of `_packed`, which this process wrote."""
    row = pickle.loads(data)
    return row._replace(original=row.original.unpacked()[0]) if isinstance(row.original, Packed) else row


def _threads(held: sqlite3.Connection) -> Iterator[Record]:
    """By the id of the conversation, in order of the place that rows name, else of the file."""
    for (name,) in held.execute("SELECT name FROM held GROUP BY name ORDER BY min(n)"):
        found = held.cursor().execute("SELECT row FROM held WHERE name = ? ORDER BY n", [name])
        thread = [_unpacked(data) for (data,) in found]
        key = name.split("\n")[0]
        position = thread[0].position
        given = thread[0].value.get(key)
        place = next(iter(find({key: None for row in thread for key in row.value}, PLACE)), "")
        places = [number(row.value.get(place)) for row in thread]
        known = [(at, i) for i, at in enumerate(places) if at is not None]
        in_order = known == sorted(known) and len(known) != 1  # one place alone tells nothing of the others
        if len(known) < len(thread) and not in_order:
            bad = f"{place} is no number in {len(thread) - len(known)} of the {len(thread)} messages of {key} {given}"
            yield Record(position, BadRow(position, f"{bad}, so that their order is not known", place))
            continue
        thread = thread if in_order else [thread[i] for _, i in sorted(known)]
        messages = [row.value for row in thread]
        yield Record(position, {key: given, "messages": messages}, together([row.original for row in thread]))


def _trees(held: sqlite3.Connection, parent: str) -> Iterator[Record]:
    """By the message that each replies to; a message whose parent is not there begins a conversation."""
    roots = """SELECT n, name, row FROM held a WHERE above IS NULL
        OR NOT EXISTS (SELECT 1 FROM held b WHERE b.name = a.above) ORDER BY n"""
    for root in held.execute(roots):
        yield _tree(held.cursor(), root)
    for (data,) in held.execute("SELECT row FROM held WHERE NOT reached ORDER BY n"):
        position = _unpacked(data).position
        yield Record(position, BadRow(position, f"{parent} leads in a circle"))


def _tree(held: sqlite3.Cursor, root: tuple[int, str, bytes]) -> Record:
    """A message with all that follows from it."""
    rows: list[tuple[int, Record, dict]] = []
    todo: list[tuple[tuple[int, str, bytes], dict | None]] = [(root, None)]
    while todo:
        (n, name, data), above = todo.pop()
        held.execute("UPDATE held SET reached = 1 WHERE n = ?", [n])
        row = _unpacked(data)
        node = {**row.value, "replies": []}
        rows.append((n, row, node))
        if above is not None:
            above["replies"].append(node)
        ((last,),) = held.execute("SELECT max(n) FROM held WHERE name = ?", [name]).fetchall()
        if n == last:  # of several messages of one name, the last is meant
            below = held.execute("SELECT n, name, row FROM held WHERE above = ? ORDER BY n DESC", [name]).fetchall()
            todo += [(each, node) for each in below]
    _, first, whole = rows[0]
    rows.sort(key=lambda each: each[0])
    return Record(first.position, whole, together([row.original for _, row, _ in rows]))
