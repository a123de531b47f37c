"""A column of turns: ShareGPT, OpenAI, Gemini, LIMA, UltraChat, Capybara, trees of OASST, and one of a pair."""

from __future__ import annotations

import re
from typing import Any

from core.datasets.layouts.columns import Columns, RowError, Turns, kind
from core.datasets.layouts.names import CANDIDATES, CONVERSATIONS, LISTS, PROMPTS, RESPONSES, ROLES, find, fold
from core.datasets.layouts.pairs import labelled
from core.datasets.layouts.turns import SPEAKER, TEXT, is_turns, turns_of
from core.schema import Message

DIALOGUE = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \n]?")  # as in Anthropic's pairs


def conversation(record: dict, columns: Columns) -> Turns | None:
    """ShareGPT (from, value), OpenAI (role, content) or LIMA (plain strings in turn); raises RowError."""
    name = _talk(record, columns)
    if name is None:
        return None
    turns = record.get(name)
    turns = [turns] if is_turns([turns]) else turns  # LLaMA-Factory's pairs: one turn
    found = _dialogue(turns)
    if not found:
        as_list = isinstance(turns, list) or (isinstance(turns, str) and turns.lstrip().startswith("["))
        asked = _prompt(record, columns) if isinstance(turns, str) and not as_list else None
        if not as_list and asked is None:
            raise RowError(f"{name} is {kind(record, name)}, not a list of turns", name, turns)
        found = turns_of(turns, name, columns) if as_list else [Message("assistant", str(turns))]
    read = {"messages": name}
    if all(turn.role == "assistant" for turn in found) and (asked := _before(record, name, columns)):
        value = record[asked]
        found = [*(turns_of(value, asked, columns) if is_turns(value) else [Message("user", value)]), *found]
        read = {"prompt": asked} | read
    if all(turn.role != "assistant" for turn in found):
        candidates(record, columns)
    return labelled(record, found, read), read


def _before(record: dict, name: str, columns: Columns) -> str | None:
    """The column of what was said before answers that stand alone."""
    others = (other for other in find(record, CONVERSATIONS) if other != name and is_turns(record[other]))
    return next(others, None) or _prompt(record, columns)


def _talk(record: dict, columns: Columns) -> str | None:
    """The column of turns, if the record is to be read by one."""
    if "messages" in columns.mapped or columns.mapped.keys() & {"prompt", "response"}:
        return columns.mapped.get("messages")
    name = columns.name("messages", CONVERSATIONS, record)
    if name is not None and (record[name] is not None or columns.name("response", RESPONSES, record) is None):
        return name
    lists = [name for name in find(record, LISTS) if isinstance(record[name], list) and record[name]]
    return next((name for name in lists if fold(name) != "data" or isinstance(record[name][0], str)), None)


def _prompt(record: dict, columns: Columns) -> str | None:
    """The column of the prompt, if it holds text or turns."""
    name = columns.name("prompt", PROMPTS, record)
    value = record.get(name)
    return name if (isinstance(value, str) and value.strip()) or is_turns(value) else None


def _dialogue(text: Any) -> list[Message]:
    if not isinstance(text, str) or not DIALOGUE.match(text):
        return []
    _, *parts = DIALOGUE.split(text)
    return [Message(ROLES[fold(who)], what) for who, what in zip(parts[::2], parts[1::2], strict=True)]


def candidates(record: dict, columns: Columns) -> Turns | None:
    """A pair of answers, one preferred, is no sample until one of them is named; raises RowError."""
    if columns.mapped.keys() & {"messages", "response"} or find(record, RESPONSES):
        return None
    for names in CANDIDATES:
        if len(pair := find(record, names)) == 2:
            a, b = pair
            raise RowError(f"holds two answers, {a} and {b}: choose one by the option columns, messages={a}", a)
    return None


def tree(record: dict, columns: Columns) -> Turns | None:
    """A tree of replies, as OASST's: the best-ranked answer at each turn; other replies are not read."""
    name, node = next(((n, v) for n, v in record.items() if n == "prompt" and isinstance(v, dict)), ("", record))
    if columns.mapped or not isinstance(node.get("replies"), list):
        return None
    nodes = [node]
    while replies := [reply for reply in nodes[-1].get("replies") or () if isinstance(reply, dict)]:
        best = min(replies, key=lambda reply: (reply.get("rank") is None, reply.get("rank") or 0))
        for other in replies:
            if other is not best:
                columns.leave(".".join(filter(None, (name, "replies"))), other)
        nodes.append(best)
    bare = [{key: value for key, value in each.items() if key != "replies"} for each in nodes]
    return turns_of(bare, name or "replies", columns), {"messages": name or "replies"} | _own(record, name)


def _own(record: dict, name: str) -> dict[str, str]:
    """The columns of a first turn that is the record itself."""
    return {} if name else {key: key for key in find(record, (*SPEAKER, *TEXT))}
