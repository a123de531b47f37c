"""The forms that trainers read, made of a sample's turns; a form is a function and an entry of `FORMS`.

What a form cannot hold is refused, never left out: records leave whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from core.datasets.layouts.names import TOOLS, find
from core.datasets.originals import json_text
from core.errors import DataError, SelectionError
from core.export.calls import has_calls, turns_with_calls
from core.schema import Message, Sample

OPTIONAL = ("system", "history", "tools")  # fields that are left away where no record has any
MEDIA = ("image", "images", "video", "videos", "audio", "audios")
SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


class UnfitError(Exception):
    """What a sample has that a form cannot hold."""


def original(sample: Sample) -> Any:
    """The record of the input, exactly."""
    return sample.raw


def messages(sample: Sample) -> dict[str, Any]:
    """TRL and OpenAI: `messages` of role and content, calls of tools in OpenAI's form, `tools` as JSON text."""
    _must_be_learned(sample.messages)
    turns = turns_with_calls(sample) if has_calls(sample) else _turns(sample.messages)
    if turns is None:
        raise UnfitError("has a tool call that is not of OpenAI's form")
    return {"messages": turns, "tools": _tools(sample)}


def prompt_completion(sample: Sample) -> dict[str, Any]:
    """TRL: the last response as `completion`, which alone is learned, the turns before it as `prompt`."""
    *before, last = sample.messages
    _must_end(last)
    _must_be_learned([last])
    if not before or before[-1].role not in ("user", "tool"):
        raise UnfitError("has no turn of a user right before its last response")
    return {"prompt": _turns(before), "completion": _turns([last]), "tools": _tools(sample)}


def alpaca(sample: Sample) -> dict[str, Any]:
    """Alpaca as LLaMA-Factory documents it: earlier exchanges are pairs in `history`, a system turn is `system`."""
    if _tools(sample):
        raise UnfitError("has tools")
    system, turns = _exchanges(sample, ("user",))
    pairs = [[turns[i].content, turns[i + 1].content] for i in range(0, len(turns), 2)]
    *history, (instruction, output) = pairs
    return {"instruction": instruction, "input": "", "output": output, "system": system, "history": history}


def sharegpt(sample: Sample) -> dict[str, Any]:
    """ShareGPT as LLaMA-Factory documents it: human or observation and gpt in turn, a system turn only before them."""
    _exchanges(sample, ("user", "tool"))
    turns = [{"from": SHAREGPT[turn.role], "value": turn.content} for turn in sample.messages]
    return {"conversations": turns, "tools": _tools(sample)}


FORMS: dict[str, Callable[[Sample], Any]] = {
    "original": original,
    "messages": messages,
    "prompt-completion": prompt_completion,
    "alpaca": alpaca,
    "sharegpt": sharegpt,
}


def in_form(samples: Iterable[Sample], rows: Iterable[int], to: str) -> Iterator[Any]:
    """The records of samples in one of FORMS; all have the same fields, unless they are the original ones.

    rows: the samples' rows in the input, to name. Raises SelectionError for an unknown form, DataError for the first
    sample that the form cannot hold.
    """
    if to not in FORMS:
        raise SelectionError(f"Unknown form {to!r}: use one of {', '.join(FORMS)}.")
    if to == "original":
        yield from map(original, samples)
        return
    records = [_record(sample, row, to) for sample, row in zip(samples, rows, strict=True)]
    empty = {name for name in OPTIONAL if not any(record.get(name) for record in records)}
    yield from ({name: value for name, value in record.items() if name not in empty} for record in records)


def _record(sample: Sample, row: int, to: str) -> dict[str, Any]:
    try:
        _check_media(sample)
        if to != "messages":
            _check_calls(sample)
        return FORMS[to](sample)
    except UnfitError as error:
        raise DataError(
            f"Row {row} {error}, which the form {to} cannot hold: take another form, or original, or leave it out."
        ) from None


def _check_media(sample: Sample) -> None:
    record = sample.raw if isinstance(sample.raw, dict) else {}
    for name in find(record, MEDIA):
        if record[name]:
            raise UnfitError(f"has {name}")


def _check_calls(sample: Sample) -> None:
    """Raises UnfitError if the record calls tools, which its turns have as text only."""
    if has_calls(sample):
        raise UnfitError("has a tool call")


def _turns(turns: Iterable[Message]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _tools(sample: Sample) -> str | None:
    """The tools that may be called, as JSON text: of objects, datasets would make one with the fields of all."""
    record = sample.raw if isinstance(sample.raw, dict) else {}
    tools = next((record[name] for name in find(record, TOOLS) if record[name]), "")
    text = tools if isinstance(tools, str) else json_text(tools)
    return None if text.strip() in ("", "[]", "{}", "null") else text


def _exchanges(sample: Sample, askers: tuple[str, ...]) -> tuple[str, list[Message]]:
    """The text of a first system turn, and the other turns, which must be of one of `askers` and assistant in turn."""
    turns = list(sample.messages)
    _must_be_learned(turns)
    system = turns.pop(0).content if turns[0].role == "system" else ""
    for i, turn in enumerate(turns):
        if turn.role not in (("assistant",) if i % 2 else askers):
            place = i + 1 + len(sample.messages) - len(turns)
            raise UnfitError(f"has a turn of {turn.role} in place {place}")
    _must_end(turns[-1])
    return system, turns


def _must_be_learned(turns: Iterable[Message]) -> None:
    if any(turn.role == "assistant" and not turn.weight for turn in turns):
        raise UnfitError("has a response that is not to be learned")


def _must_end(last: Message) -> None:
    if last.role != "assistant":
        raise UnfitError("does not end with a response")
