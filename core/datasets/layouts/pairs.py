"""A prompt and its answer in columns of their own: Alpaca, Dolly, OpenOrca, TRL, self-instruct, multiple choice."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from core.datasets.layouts.choices import chosen_text, listed, offered
from core.datasets.layouts.columns import NO_INPUT, Columns, RowError, Turns, is_thought, json_of, kind, verdict
from core.datasets.layouts.names import (
    HISTORIES,
    INPUTS,
    KEYS,
    LABELS,
    PAIRED,
    PROMPTS,
    RESPONSES,
    THOUGHTS,
    find,
    fold,
)
from core.datasets.layouts.turns import (
    as_prompt,
    as_turns,
    asked_of,
    is_asked,
    is_turns,
    rounds,
    turns_of,
    with_thought,
)
from core.datasets.rows import shorten
from core.schema import Message

MARKERS = re.compile(
    r"<\|\w+\|>|<start_of_turn>|\[/?INST\]|### ?(?:Human|Assistant|Instruction|Response):|<s>"
    r"|(?:^|\n)(?:USER|ASSISTANT):"
)


def pair(record: dict, columns: Columns) -> Turns:
    """Alpaca, prompt and completion, question, context and answer, or mapped columns; raises RowError.

    Either side may be a list of messages, as in TRL; `history` holds the exchanges before them.
    """
    asked, answered = asked_of(record, columns), columns.mapped.get("response", "")
    if fold(answered) in PAIRED and (talk := rounds(record.get(asked or ""), record.get(answered))):
        return talk, {"prompt": str(asked), "response": answered}
    said, read = answer(record, asked, columns)
    turns = labelled(record, said, read)
    value = as_prompt(record.get(asked)) if asked else None
    if asked and is_turns(value):
        return [*turns_of(value, asked, columns), *turns], {"prompt": asked} | read
    prompt, beside = _prompt(record, asked, columns)
    before = next((name for name in find(record, HISTORIES) if record[name]), None)
    earlier = _history(record[before], before, columns) if before else []
    return [*earlier, Message("user", prompt), *turns], beside | read | ({"history": before} if before else {})


def answer(record: dict, asked: str | None, columns: Columns) -> tuple[list[Message], dict[str, str]]:
    """The turns of the answer, and the columns that they were read from; raises RowError."""
    answered = columns.name("response", RESPONSES, record)
    if choice := _choice(record, answered, columns):
        return choice
    if answered is None or (answered == asked and answered not in columns.mapped.values()):
        raise RowError(*_no_answer(record, asked, answered))
    thoughts = [name for name in find(record, THOUGHTS) if is_thought(record[name])]
    read = {"response": answered}
    if record.get(answered) is None and not thoughts:
        raise RowError(f"{answered} is {kind(record, answered)}", answered, blank=True)
    value = record.get(answered)
    turns = as_turns(value)
    if is_turns(turns) and (not isinstance(value, str) or _goes_on(record.get(asked or ""), turns)):
        return turns_of(turns, answered, columns), read
    text = "" if value is None else _text(record | {answered: _first(value, answered, columns)}, answered)
    if thoughts:
        text, read = with_thought(record[thoughts[0]], text), read | {"thought": thoughts[0]}
    if not text.strip():
        raise RowError(f"{answered} is blank", answered, text, blank=True)
    return [Message("assistant", text)], read


def _goes_on(asked: Any, turns: list[dict]) -> bool:
    """Whether turns that were written as a text answer turns: any other may ask for such a text."""
    return is_turns(as_prompt(asked)) and not any(map(is_asked, turns))


def _choice(record: dict, answered: str | None, columns: Columns) -> tuple[list[Message], dict[str, str]] | None:
    """The answer of a multiple-choice question by its index or letter."""
    parts, texts = offered(record)
    mapped = (answered,) if answered in columns.mapped.values() else ()
    keys = [str(key) for key in (mapped or find(record, KEYS)) if key and record.get(key) is not None]
    if not texts or not keys:
        return None
    texts_of = [(key, text) for key in keys if (text := chosen_text(record[key], texts)) is not None]
    if texts_of:
        key, text = texts_of[0]
        same = {f"response by {other}": other for other, its in texts_of[1:] if its == text}
        return [Message("assistant", text)], {"response": key} | same | parts
    if answered in keys and isinstance(record[answered], str) and len(record[answered]) > 1:
        return None  # an answer in its own words
    name = parts.get("choices", "choices")
    raise RowError(f"{keys[0]} names none of the {len(texts)} {name}", keys[0], record[keys[0]])


def _first(value: Any, name: str, columns: Columns) -> Any:
    """The first of several right answers, as SQuAD gives them: {text: […]} or a list."""
    if fold(name) != "answers":
        return value
    texts = value.get("text") if isinstance(value, dict) else value
    if texts == []:
        return ""
    if not isinstance(texts, list) or not isinstance(texts[0], str | int | float):
        return value
    columns.leave(name, [text for text in texts if text != texts[0]])
    return texts[0]


def labelled(record: dict, answer: list[Message], read: dict[str, str]) -> list[Message]:
    """The turns, those of weight 0 whose answers the record labels as bad, as in TRL's and LLaMA-Factory's KTO."""
    of_trl = fold(read.get("response", "")) == "completion"
    names = [name for name in find(record, LABELS) if name not in read.values() and verdict(record[name]) is not None]
    # 0 and 1 may be the classes of a task in a column that is called label, unless it is TRL's
    sure = (n for n in names if of_trl or fold(n) != "label" or str(record[n]).strip().isalpha())
    name = next(sure, None)
    if name is None:
        return answer
    read["label"] = name
    bad = verdict(record[name]) is False
    return [replace(turn, weight=0) if bad and turn.role == "assistant" else turn for turn in answer]


def _no_answer(record: dict, asked: str | None, answered: str | None) -> tuple[str, str, Any, bool]:
    name = next((name for name in find(record, ("text", "chat")) if isinstance(record[name], str)), None)
    if asked is None and name is not None:
        return text_alone(name, record[name]), name, record[name], False
    if asked is None:
        fields = shorten(", ".join(map(str, record)))
        return f"has no field that is known ({fields}); name them with the option columns", "", None, False
    return "has no response field; if it has another name, give it with the option columns", "", None, True


def text_alone(name: str, text: str) -> str:
    """Why a text that may hold a conversation is no sample."""
    mark = MARKERS.search(text)
    marks = f"a conversation with the marks of a chat template ({mark[0].strip()})" if mark else ""
    return (
        f"{name} is {marks or 'plain text without turns'}: give the turns as messages, each with a role and its content"
    )


def _prompt(record: dict, asked: str | None, columns: Columns) -> tuple[str, dict[str, str]]:
    """The prompt with the input that stands beside it and the choices, and the columns of all."""
    if asked is None:
        raise RowError("has no prompt field; if it has another name, give it with the option columns")
    beside = [name for name in find(record, INPUTS) if name != asked and _input(record, name)]
    name = columns.name("input", tuple(beside), record)
    extra = _input(record, name)
    prompt = _text(record, asked) if record.get(asked) is not None or not extra else ""
    if not prompt.strip() and not extra:
        raise RowError(f"{asked} is blank and there is no input", asked, record.get(asked))
    both = "\n\n".join(part for part in (prompt, extra) if part.strip())
    read = {"prompt": asked} | ({"input": name} if extra and name else {})
    parts, texts = offered(record)
    if texts and not all(text in both for text in texts.values()):
        both, read = f"{both}\n\n{listed(texts)}", read | parts
    return both, read


def _history(history: Any, name: str, columns: Columns) -> list[Message]:
    """The exchanges before the prompt: pairs of question and answer, or turns of any form."""
    if isinstance(history, str) and history.lstrip().startswith("["):
        try:
            history = json.loads(history)
        except ValueError:
            raise RowError(f"{name} is not valid JSON", name, history) from None
    if not isinstance(history, list):
        raise RowError(f"{name} is not a list of exchanges", name, history)
    if not all(isinstance(each, list) and len(each) == 2 for each in history):
        return turns_of(history, name, columns) if history else []
    sides = [(role, text) for each in history for role, text in zip(("user", "assistant"), each, strict=True)]
    wrong = next((text for _, text in sides if not isinstance(text, str | None)), None)
    if wrong is not None:
        raise RowError(f"{name} holds an exchange that is not text", name, wrong)
    return [Message(role, text) for role, text in sides if text is not None]


def _input(record: dict, name: str | None) -> str:
    """The text of a column beside the prompt, empty for what stands there where there is none."""
    value = record.get(name)
    if isinstance(value, str):
        return value if value.strip() and not NO_INPUT.fullmatch(value) else ""
    return json_of(value)


def _text(record: dict, name: str) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json_of(value)
    if isinstance(value, int | float):
        return str(value)
    wrong = "" if value is None else ", not text"
    raise RowError(f"{name} is {kind(record, name)}{wrong}", name, value)


def instances(record: dict, columns: Columns) -> Turns | None:
    """Self-instruct: an instruction and the instances that it is asked of, one exchange each; raises RowError."""
    asked = columns.name("prompt", PROMPTS, record)
    name = next(iter(find(record, ("instances",))), None)
    if columns.mapped or not name or not asked or not isinstance(record[name], list) or not record[name]:
        return None
    turns: list[Message] = []
    for i, each in enumerate(record[name]):
        if not isinstance(each, dict):
            raise RowError(f"{name}[{i}] is not an object with input and output", name, each)
        found, read = pair({asked: record[asked]} | each, columns)
        for other in (key for key in each if key not in read.values()):
            columns.leave(f"{name}.{other}", each[other])
        turns += found
    return turns, {"prompt": asked, "response": name}
