"""One turn of a conversation, in whatever form, as messages."""

from __future__ import annotations

import json
from typing import Any

from core.datasets.layouts.columns import Columns, RowError, is_thought, json_of, verdict
from core.datasets.layouts.names import PROMPTS, RESPONSES, ROLES, THOUGHTS, find, fold
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
    if not turns:
        raise RowError(f"{where} has no turns", where, turns, blank=True)
    if all(isinstance(turn, str) for turn in turns):
        return [Message(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
    return [message for i, turn in enumerate(turns) for message in _turn(turn, where, i, columns)]


def is_turns(value: Any) -> bool:
    """Whether this is a list of turns that name their speaker, and no plain text or list of values."""
    return isinstance(value, list) and bool(value) and all(isinstance(t, dict) and find(t, SPEAKER) for t in value)


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
    speaker = next((turn[key] for key in speakers if turn[key] is not None), None)
    role = ROLES.get(fold(speaker)) if isinstance(speaker, str) else None
    if role is None:
        raise RowError(f"{where} has an unknown or missing speaker", where, speaker)
    return role
