"""One turn of a conversation, in whatever form, as messages."""

from __future__ import annotations

import json
from typing import Any

from core.datasets.layouts.columns import Columns, RowError, is_thought, json_of, verdict
from core.datasets.layouts.names import CONVERSATIONS, PROMPTS, RESPONSES, ROLES, THOUGHTS, find, fold
from core.schema import Message

SPEAKER, TEXT = ("from", "role", "speaker"), ("value", "content", "text", "parts", "message", "utterance")
CALLS, WEIGHT = ("tool_calls", "function_call"), ("weight", "train", "loss", "training", "train_on_turn")
EXCHANGE = ROLES | {fold(name): "user" for name in PROMPTS} | {fold(name): "assistant" for name in RESPONSES}
ORDER = ("system", "user", "tool", "assistant")  # within a turn that is a question with its answer
PARTS = {  # member of a part of a content → what it is
    "thinking": "thought", "reasoning": "thought", "text": "text", "refusal": "text", "functionCall": "text",
    "function_call": "text", "executableCode": "text", "functionResponse": "result", "function_response": "result",
    "codeExecutionResult": "result",
}  # fmt: skip


def turns_of(turns: Any, where: str, columns: Columns) -> list[Message]:
    """The messages of a list of turns, of plain texts that alternate, or of either as JSON text; raises RowError."""
    if isinstance(turns, str) and turns.lstrip().startswith("["):  # a CSV cell
        try:
            turns = json.loads(turns)
        except ValueError:
            raise RowError(f"{where} is not valid JSON", where, turns) from None
    turns = as_turns(turns)
    if not turns:
        raise RowError(f"{where} has no turns", where, turns, blank=True)
    if all(isinstance(turn, str) for turn in turns):
        return [Message(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
    return [message for i, turn in enumerate(turns) for message in _turn(turn, where, i, columns)]


def is_turns(value: Any) -> bool:
    """Whether this is a list of turns that name their speaker, and no plain text or list of values."""
    return isinstance(value, list) and bool(value) and all(isinstance(t, dict) and find(t, SPEAKER) for t in value)


def as_turns(value: Any) -> Any:
    """Turns that name their speaker as a list of objects, in whatever form they come; any other value as it is.

    The forms: JSON text, one turn alone, a list for each member (datasets' Sequence), a list of maps (Arrow's pairs)
    or of JSON texts, and {messages: turns}.
    """
    found = _unfolded(value)
    sure = not isinstance(value, str) or (is_turns(found) and all(_role_of(t) and find(t, TEXT) for t in found))
    return found if sure and is_turns(found) else value


def as_prompt(value: Any) -> Any:
    """Turns before an answer, as `as_turns`; a text in which the assistant speaks last is what is asked about."""
    found = as_turns(value)
    about = isinstance(value, str) and is_turns(found) and _role_of(found[-1]) == "assistant"
    return value if about else found


def _unfolded(value: Any) -> Any:
    value = _parsed(value, "[{")
    if isinstance(value, list):
        turns = [_parsed(turn, "{") for turn in value]
        return [dict(turn) if _are_pairs(turn) else turn for turn in turns]
    if not isinstance(value, dict):
        return value
    if inner := find(value, CONVERSATIONS):
        return as_turns(value[inner[0]])
    lists = {name: each for name, each in value.items() if isinstance(each, list)}
    if any(name in lists for name in find(value, SPEAKER)) and len(set(map(len, lists.values()))) == 1:
        turns = [dict(zip(lists, turn, strict=True)) for turn in zip(*lists.values(), strict=True)]
        rest = {name: each for name, each in value.items() if name not in lists}  # told as what no message holds
        return [turn | rest for turn in turns[:1]] + turns[1:]
    return [value]


def _parsed(value: Any, starts: str) -> Any:
    """The value of a JSON text that begins so; else the value."""
    if not isinstance(value, str) or value.lstrip()[:1] not in tuple(starts):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _are_pairs(turn: Any) -> bool:
    return isinstance(turn, list) and bool(turn) and all(isinstance(each, tuple) and len(each) == 2 for each in turn)


def _role_of(turn: dict) -> str | None:
    speaker = next((turn[key] for key in find(turn, SPEAKER) if turn[key] is not None), None)
    return ROLES.get(fold(speaker)) if isinstance(speaker, str) else None


def is_asked(turn: dict) -> bool:
    """Whether a turn is a user's."""
    return _role_of(turn) == "user"


def asked_of(record: dict, columns: Columns) -> str | None:
    """The column of the prompt: by its name, else the first with turns of which a user's is the last."""
    if name := columns.name("prompt", PROMPTS, record):
        return name
    turns = ((name, as_turns(value)) for name, value in record.items() if isinstance(value, str | list | dict))
    return next((name for name, found in turns if is_turns(found) and is_asked(found[-1])), None)


def rounds(asked: Any, answered: Any) -> list[Message]:
    """Questions and as many answers, each a list of texts or JSON of it, in turn; nothing for what is none."""
    questions, answers = (_parsed(each, "[") for each in (asked, answered))
    both = [questions, answers]
    if not all(isinstance(texts, list) and all(isinstance(text, str | None) for text in texts) for texts in both):
        return []
    if len(questions) != len(answers):
        return []
    said = zip(questions, answers, strict=True)
    return [Message(role, text or "") for each in said for role, text in zip(("user", "assistant"), each, strict=True)]


def with_thought(thought: Any, text: str) -> str:
    """An answer with the reasoning before it, between the tags that reasoning models use, unless it holds it."""
    if not is_thought(thought) or thought.strip() in text:
        return text
    return "\n\n".join(filter(None, (f"<think>\n{thought}\n</think>", text)))


def content_of(content: Any, where: str) -> dict[str, str]:
    """The text of a content, and the thoughts and results of tools among its parts; raises RowError."""
    if isinstance(content, str):
        return {"text": content}
    if not isinstance(content, list):
        raise RowError(f"{where} is not text", where, content)
    found: dict[str, list[str]] = {}
    for part in content:
        kind, text = _part(part, where)
        found.setdefault(kind, []).append(text)
    return {kind: "\n".join(texts) for kind, texts in found.items()}


def _part(part: Any, where: str) -> tuple[str, str]:
    if isinstance(part, str):
        return "text", part
    if isinstance(part, dict):
        if part.get("type") == "tool_use":
            return "text", json_of({"name": part.get("name"), "input": part.get("input")})
        if part.get("type") == "tool_result":
            inner = part.get("content")
            return "result", content_of(inner, where).get("text", "") if isinstance(inner, str | list) else ""
        for name, kind in PARTS.items():
            value = part.get(name)
            if isinstance(value, str) or (isinstance(value, dict) and name != "text"):
                return "thought" if part.get("thought") is True else kind, _text(value)
    raise RowError(f"{where} has a part that is not text", where, part)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_of(value)


def _turn(turn: Any, name: str, i: int, columns: Columns) -> list[Message]:
    where = f"{name}[{i}]"
    if not isinstance(turn, dict):
        raise RowError(f"{where} is not an object with a speaker and a text", where, turn)
    speakers = find(turn, SPEAKER)
    if not speakers and isinstance(turn.get("label"), bool) and isinstance(turn.get("text"), str):
        _leave_rest(turn, {"label", "text"}, name, columns)  # axolotl: what is trained on, and what is not
        return [Message("assistant" if turn["label"] else "user", turn["text"])]
    if not any(turn[key] is not None for key in speakers) and (exchange := _exchange(turn, name, columns)):
        return exchange
    role = _role(turn, speakers, where)
    key = next((key for key in find(turn, TEXT) if turn[key] is not None), "")
    content = content_of(turn[key], f"{where}.{key}") if key else {}
    calls = next((text for key in find(turn, CALLS) if (text := json_of(turn[key]))), "")
    thoughts = [key for key in find(turn, THOUGHTS) if isinstance(turn[key], str)] if role == "assistant" else []
    thought = content.get("thought") or next((turn[key] for key in thoughts if is_thought(turn[key])), "")
    if not key and not calls and not thought:
        raise RowError(f"{where} has no text", where, turn, blank=role == "assistant")
    _leave_rest(turn, {key, *speakers, *thoughts, *find(turn, CALLS)}, name, columns)
    text = "\n".join(filter(None, (content.get("text", ""), calls)))
    results = [Message("tool", content["result"])] if "result" in content else []
    if results and not text and not thought:
        return results
    weight = 0 if role == "assistant" and any(verdict(turn[key]) is False for key in find(turn, WEIGHT)) else 1
    return [*results, Message(role, with_thought(thought, text), weight)]


def _leave_rest(turn: dict, read: set[str], name: str, columns: Columns) -> None:
    for other in (key for key in turn if key not in read):
        columns.leave(f"{name}.{other}", turn[other])


def _exchange(turn: dict, name: str, columns: Columns) -> list[Message]:
    """{input, output}, {User, Bot}: the texts of a turn by the speaker that each key names."""
    found: dict[str, list[str]] = {}
    for key, value in turn.items():
        role = EXCHANGE.get(fold(str(key)))
        if role and isinstance(value, str | int | float) and not isinstance(value, bool):
            found.setdefault(role, []).append(str(value))
        elif value is not None:
            columns.leave(f"{name}.{key}", value)
    return [Message(role, "\n\n".join(found[role])) for role in ORDER if role in found]


def _role(turn: dict, speakers: list[str], where: str) -> str:
    if (role := _role_of(turn)) is None:
        speaker = next((turn[key] for key in speakers if turn[key] is not None), None)
        raise RowError(f"{where} has an unknown or missing speaker", where, speaker)
    return role
