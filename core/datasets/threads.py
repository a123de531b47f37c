"""Flat rows of one message each, put together into conversations by the ids that they name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from core.datasets.containers import RecordFile
from core.datasets.layouts.names import CONVERSATIONS, RESPONSES, ROLES, find, fold
from core.datasets.layouts.turns import SPEAKER, TEXT
from core.datasets.rows import BadRow, Record

THREAD = ("conversation_id", "conv_id", "thread_id", "dialogue_id", "dialog_id", "session_id", "message_tree_id")
PARENT, OWN = ("parent_id", "parent_message_id"), ("message_id", "id")
PLACE = ("turn", "turn_id", "turn_index", "turn_idx", "message_index", "position", "index")


def rebuilt(file: RecordFile, rows: Iterator[Record]) -> Iterator[Record]:
    """The records as they are; where the first is a single message, conversations of all, which are held in memory.

    Rows that name a parent become a tree with `replies`, others a record with `messages`; the rows are whole therein.
    """
    first = next(rows, None)
    if first is None:
        return
    rows = chain([first], rows)
    if not is_message(first[1]):
        yield from rows
        return
    held: list[Record] = []
    for where, record in rows:
        if is_message(record):
            held.append((where, record))
        else:
            yield where, record if isinstance(record, BadRow) else BadRow(where, "is no message as the first row is")
    by_parent = bool(find(first[1], PARENT) and find(first[1], OWN))
    found = list(_trees(held) if by_parent else _threads(held))
    name = find(first[1], PARENT if by_parent else THREAD)[0]
    file.warnings.append(
        f"{file.source}: {len(held):,} rows of one message each are {len(found):,} conversations by {name}; rows count"
        " these."
    )
    yield from found


def is_message(record: Any) -> bool:
    """Whether a record is one message that names its conversation or the message that it replies to."""
    if not isinstance(record, dict) or find(record, (*CONVERSATIONS, *RESPONSES, "replies")):
        return False
    speaker, text = (next((record[key] for key in find(record, names)), None) for names in (SPEAKER, TEXT))
    named = find(record, THREAD) or (find(record, PARENT) and find(record, OWN))
    return isinstance(speaker, str) and fold(speaker) in ROLES and isinstance(text, str) and bool(named)


def _threads(rows: list[Record]) -> Iterator[Record]:
    """By the id of the conversation, in order of the place that rows name, else of the file."""
    threads: dict[tuple[str, str], list[Record]] = {}
    for where, record in rows:
        key = next(iter(find(record, THREAD)), "")
        threads.setdefault((key, str(record.get(key))), []).append((where, record))
    for (key, _), thread in threads.items():
        messages = [record for _, record in thread]
        place = next(iter(find(messages[0], PLACE)), "")
        if all(isinstance(each.get(place), int | float) for each in messages):
            messages.sort(key=lambda each: each[place])
        yield thread[0][0], {key: messages[0].get(key), "messages": messages}


def _trees(rows: list[Record]) -> Iterator[Record]:
    """By the message that each replies to; a message whose parent is not there begins a conversation."""
    nodes = [(where, {**record, "replies": []}) for where, record in rows]
    own, parent = (next(iter(find(rows[0][1], names)), "") for names in (OWN, PARENT))
    by_id = {str(node.get(own)): node for _, node in nodes}
    roots = []
    for where, node in nodes:
        above = by_id.get(str(node.get(parent))) if node.get(parent) is not None else None
        if above is None:
            roots.append((where, node))
        else:
            above["replies"].append(node)
    reached, todo = set(), [node for _, node in roots]
    while todo:
        node = todo.pop()
        reached.add(id(node))
        todo += node["replies"]
    yield from roots
    yield from (
        (where, BadRow(where, f"{parent} leads in a circle")) for where, node in nodes if id(node) not in reached
    )
