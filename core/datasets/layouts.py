"""How a record says who speaks: Alpaca, pairs of prompt and response, ShareGPT, LIMA, OpenAI messages.

A layout is a method of `Layout`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from core.datasets.rows import shorten
from core.errors import DataError
from core.schema import Message

COLUMNS = ("prompt", "response", "input", "system", "messages")
CONVERSATIONS = ("messages", "conversations", "conversation")
PROMPTS = ("instruction", "prompt", "question", "query", "input")
RESPONSES = ("output", "completion", "response", "answer")
INPUTS = ("input", "context")  # what Alpaca and Dolly put beside the instruction
SYSTEMS = ("system", "system_prompt")
SPEAKERS = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "bot", "model", "ai", "claude", "function_call"),
    "system": ("system", "developer"),
    "tool": ("tool", "function", "observation", "ipython", "tool_response", "function_response"),
}
ROLES = {name: role for role, names in SPEAKERS.items() for name in names}
NO_INPUT = re.compile(
    r"[\s<>()\[\]\\`'\"*.,]*(no[\s_-]*inputs?(\s+(required|needed|necessary|provided|given))?|n\s*/\s*a|<\s*none\s*>)?"
    r"[\s<>()\[\]\\`'\"*.,]*",
    re.IGNORECASE,
)


class RowError(Exception):
    """Why a record is no sample."""

    def __init__(self, reason: str, field: str = "", value: Any = None, blank: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.field, self.blank = reason, field, blank
        self.value = "" if value is None else shorten(value)


class Layout:
    """Turns records into messages; `choices` counts the records in which two response fields differ."""

    def __init__(self, columns: Mapping[str, str] | None) -> None:
        self.columns = dict(columns or {})
        unknown = [name for name in self.columns if name not in COLUMNS]
        if unknown:
            raise DataError(f"columns does not know {shorten(unknown)}: it maps {', '.join(COLUMNS)} to column names.")
        self.choices: Counter[tuple[str, str]] = Counter()

    def messages(self, record: Any) -> tuple[Message, ...]:
        """The turns of a record, at least one of them a response with text; raises RowError."""
        if not isinstance(record, dict):
            raise RowError("is not an object with named fields", value=record)
        turns = self._conversation(record) if self._has_conversation(record) else self._pair(record)
        answers = [turn for turn in turns if turn.role == "assistant"]
        if not answers:
            raise RowError("has no assistant turn", blank=True)
        if not any(turn.content.strip() for turn in answers):
            raise RowError("has only blank assistant turns", blank=True)
        system = record.get(self._name("system", SYSTEMS, record))
        if isinstance(system, str) and system.strip() and all(turn.role != "system" for turn in turns):
            turns.insert(0, Message("system", system))
        return tuple(turns)

    def _name(self, part: str, names: tuple[str, ...], record: dict) -> str | None:
        """The mapped column, else the first of `names` that has a value, else the first that is there."""
        if part in self.columns:
            return self.columns[part]
        there = [name for name in names if name in record]
        return next((name for name in there if record[name] is not None), there[0] if there else None)

    def _has_conversation(self, record: dict) -> bool:
        if "messages" in self.columns or "prompt" in self.columns or "response" in self.columns:
            return "messages" in self.columns
        name = self._name("messages", CONVERSATIONS, record)
        return name is not None and (record[name] is not None or self._name("response", RESPONSES, record) is None)

    def _conversation(self, record: dict) -> list[Message]:
        """ShareGPT (from, value), OpenAI (role, content) or LIMA (plain strings in turn)."""
        name = self._name("messages", CONVERSATIONS, record)
        turns = record.get(name)
        if isinstance(turns, str) and turns.lstrip().startswith("["):  # a CSV cell
            try:
                turns = json.loads(turns)
            except ValueError:
                raise RowError(f"{name} is not valid JSON", name, turns) from None
        if not isinstance(turns, list):
            raise RowError(f"{name} is {_kind(record, name)}, not a list of turns", name, turns)
        if not turns:
            raise RowError(f"{name} has no turns", name, turns, blank=True)
        if all(isinstance(turn, str) for turn in turns):
            return [Message(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
        return [_turn(turn, f"{name}[{i}]") for i, turn in enumerate(turns)]

    def _pair(self, record: dict) -> list[Message]:
        """Alpaca, prompt and completion, question and answer, or mapped columns."""
        asked = self._name("prompt", PROMPTS, record)
        answered = self._name("response", RESPONSES, record)
        if asked is None and answered is None:
            fields = shorten(", ".join(map(str, record)))
            raise RowError(f"has no field that is known ({fields}); name them with the option columns")
        if answered is None:
            raise RowError("has no response field; if it has another name, give it with the option columns", blank=True)
        if record.get(answered) is None:
            raise RowError(f"{answered} is {_kind(record, answered)}", answered, blank=True)
        response = _text(record, answered)
        if not response.strip():
            raise RowError(f"{answered} is blank", answered, response, blank=True)
        self._note_choice(record, answered, response)
        prompt = self._prompt(record, asked)
        return [Message("user", prompt), Message("assistant", response)]

    def _prompt(self, record: dict, asked: str | None) -> str:
        if asked is None:
            raise RowError("has no prompt field; if it has another name, give it with the option columns")
        extra = (
            record.get(self._name("input", INPUTS, record)) if asked == "instruction" or "input" in self.columns else ""
        )
        extra = extra if isinstance(extra, str) and not NO_INPUT.fullmatch(extra) else ""
        prompt = _text(record, asked) if record.get(asked) is not None or not extra.strip() else ""
        if not prompt.strip() and not extra.strip():
            raise RowError(f"{asked} is blank and there is no input", asked, record.get(asked))
        return "\n\n".join(part for part in (prompt, extra) if part.strip())

    def _note_choice(self, record: dict, answered: str, response: str) -> None:
        for name in RESPONSES if "response" not in self.columns else ():
            if name != answered and isinstance(record.get(name), str) and record[name] not in ("", response):
                self.choices[answered, name] += 1


def _kind(record: dict, name: str) -> str:
    if name not in record:
        return "missing"
    value = record[name]
    return (
        "null"
        if value is None
        else {"dict": "an object", "list": "a list", "str": "text"}.get(type(value).__name__, "a value")
    )


def _text(record: dict, name: str) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    wrong = "" if value is None else ", not text"
    raise RowError(f"{name} is {_kind(record, name)}{wrong}", name, value)


def _turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict):
        raise RowError(f"{where} is not an object with a speaker and a text", where, turn)
    speaker = next((turn[key] for key in ("from", "role", "speaker") if turn.get(key) is not None), None)
    role = ROLES.get(speaker.strip().lower()) if isinstance(speaker, str) else None
    if role is None:
        raise RowError(f"{where} has an unknown or missing speaker", where, speaker)
    key = next((key for key in ("value", "content", "text") if turn.get(key) is not None), "")
    calls = turn.get("tool_calls") or turn.get("function_call")
    content = _content(turn[key], f"{where}.{key}") if key else ""
    if calls:
        rendered = json.dumps(calls, ensure_ascii=False, default=str)
        content = f"{content}\n{rendered}" if content else rendered
    elif not key:
        raise RowError(f"{where} has no text", where, turn, blank=role == "assistant")
    return Message(role, content)


def _content(content: Any, where: str) -> str:
    """Text, or a list of parts with a text each."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RowError(f"{where} is not text", where, content)
    texts = [part.get("text") if isinstance(part, dict) else part for part in content]
    for part, text in zip(content, texts, strict=True):
        if not isinstance(text, str):
            raise RowError(f"{where} has a part that is not text", where, part)
    return "\n".join(texts)
