"""A column of turns: ShareGPT, OpenAI, Gemini, LIMA, UltraChat, Capybara, trees of OASST, and one of a pair."""

from __future__ import annotations

import re
from typing import Any

from core.datasets.layouts.columns import Columns, RowError, Turns, kind, number, verdict
from core.datasets.layouts.names import CANDIDATES, CONVERSATIONS, LISTS, PAIRED, PROMPTS, RESPONSES, ROLES, find, fold
from core.datasets.layouts.pairs import MARKERS, answer, labelled, text_alone
from core.datasets.layouts.turns import (
    SPEAKER,
    TEXT,
    as_prompt,
    as_turns,
    asked_of,
    is_asked,
    is_turns,
    rounds,
    turns_of,
)
from core.schema import Message

DIALOGUE = re.compile(r"(?:^|\n\n)(Human|Assistant):[ \n]?")  # as in Anthropic's pairs


def conversation(record: dict, columns: Columns) -> Turns | None:
    """ShareGPT (from, value), OpenAI (role, content) or LIMA (plain strings in turn); raises RowError."""
    name = _talk(record, columns)
    if name is None:
        return None
    read = {"messages": name}
    if fold(name) in PAIRED and (asked := _prompt(record, columns)) and (talk := rounds(record[asked], record[name])):
        read = {"prompt": asked} | read
        return labelled(record, talk, read), read
    found = _said(record, name, columns)
    if all(turn.role == "assistant" for turn in found) and (asked := _before(record, name, columns)):
        value = as_prompt(record[asked])
        found = [*(turns_of(value, asked, columns) if is_turns(value) else [Message("user", value)]), *found]
        read = {"prompt": asked} | read
    if all(turn.role != "assistant" for turn in found):
        candidates(record, columns)
        if find(record, RESPONSES):
            said, more = answer(record, name, columns)
            found, read = [*found, *said], read | more
    return labelled(record, found, read), read


def _said(record: dict, name: str, columns: Columns) -> list[Message]:
    """The turns in a column; a text alone is an answer where there is a prompt; raises RowError."""
    turns = as_turns(record.get(name))
    if found := _dialogue(turns):
        return found
    if isinstance(turns, list) or (isinstance(turns, str) and turns.lstrip().startswith("[")):
        alone = isinstance(turns, list) and all(isinstance(turn, str) for turn in turns)
        if alone and "messages" not in columns.mapped and len(find(record, ("question_id", "category"))) == 2:
            why = f"{name} holds questions alone, as in MT-Bench; if answers alternate with them, name it by the option"
            raise RowError(f"{why} columns, messages={name}", name, turns)
        return turns_of(turns, name, columns)
    if isinstance(turns, str) and _prompt(record, columns) is not None:
        return [Message("assistant", turns)]
    marks = text_alone(name, turns) if isinstance(turns, str) and MARKERS.search(turns) else ""
    raise RowError(marks or f"{name} is {kind(record, name)}, not a list of turns", name, turns)


def _before(record: dict, name: str, columns: Columns) -> str | None:
    """The column of what was said before answers that stand alone."""
    others = (other for other in find(record, CONVERSATIONS) if other != name and is_turns(as_turns(record[other])))
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
    name = asked_of(record, columns)
    value = as_turns(record.get(name))
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
            raise RowError(
                f"holds two answers, {a} and {b}: choose one by the option columns, {_way(record, a, columns)}", a
            )
    return None


def _way(record: dict, name: str, columns: Columns) -> str:
    """How to choose one of two answers: with the prompt, where it is in no column that is known."""
    value = as_turns(record[name])
    whole = bool(_dialogue(value)) or (is_turns(value) and any(is_asked(turn) for turn in value))
    if whole or _before(record, name, columns) is not None:
        return f"messages={name}"
    asked = columns.name("prompt", PROMPTS, record)
    why = f"; {asked} is {kind(record, asked)}, not text" if asked else ""
    return f"response={name} and prompt= with the column that holds the question as text{why}"


def tree(record: dict, columns: Columns) -> Turns | None:
    """A tree of replies, as OASST's: the best-ranked answer at each turn; other replies are not read."""
    name, node = next(((n, v) for n, v in record.items() if n == "prompt" and isinstance(v, dict)), ("", record))
    if columns.mapped or not isinstance(node.get("replies"), list):
        return None
    nodes = [node]
    while replies := [reply for reply in nodes[-1].get("replies") or () if isinstance(reply, dict)]:
        best = min(replies, key=_rank)
        if _is_refused(best):
            columns.leave(".".join(filter(None, (name, "replies"))), replies)
            break
        for other in replies:
            if other is not best:
                columns.leave(".".join(filter(None, (name, "replies"))), other)
        nodes.append(best)
    bare = [{key: value for key, value in each.items() if key != "replies"} for each in nodes]
    return turns_of(bare, name or "replies", columns), {"messages": name or "replies"} | _own(record, name)


def _rank(reply: dict) -> tuple[bool, float]:
    rank = number(reply.get("rank"))
    return _is_refused(reply), float("inf") if rank is None else rank


def _is_refused(reply: dict) -> bool:
    """Whether a reply was deleted, or failed the review."""
    return verdict(reply.get("deleted")) is True or verdict(reply.get("review_result")) is False


def _own(record: dict, name: str) -> dict[str, str]:
    """The columns of a first turn that is the record itself."""
    return {} if name else {key: key for key in find(record, (*SPEAKER, *TEXT))}
