"""The turns of a sample as a store keeps them, and how its prompt and its response begin: what lists show of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from core.lm.chat import SURROGATE
from core.schema import Message, Sample

START = 160  # characters
AT_ONCE = 20_000  # samples whose turns are read together
STARTS = ("prompt_start", "response_start")  # columns of a store


def turns(messages: str) -> tuple[Message, ...]:
    """A sample's turns out of the JSON that a store keeps."""
    return tuple(Message(*message) for message in json.loads(messages))


def starts(samples: Iterable[Sample]) -> dict[str, list[str]]:
    """The columns STARTS of samples: their first START characters; half a character becomes U+FFFD."""
    found = [[SURROGATE.sub("\ufffd", text[:START]) for text in (s.prompt, s.response)] for s in samples]
    return {name: [pair[i] for pair in found] for i, name in enumerate(STARTS)}


def starts_of(stored: Sequence[str]) -> dict[str, list[str]]:
    """The same of the JSON of samples' turns."""
    return starts(Sample(row, turns(messages), None) for row, messages in enumerate(stored))
