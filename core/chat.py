"""Chat template → token ids, and which segment each token belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.schema import SEGMENTS, Message, Sample

TEMPLATE_TOKEN = -1  # a token of the chat template: it carries no sample meaning and is never recorded
# For base models, which ship no template of their own.
PLAIN_TEMPLATE = "{% for m in messages %}{{ m['role'] | capitalize }}: {{ m['content'] }}\n\n{% endfor %}"


@dataclass(frozen=True)
class TokenizedSample:
    """ids int32 (T,); segment int8 (T,): index into SEGMENTS, or TEMPLATE_TOKEN; n_dropped: tokens cut off.

    starts int32 (T + 1,): where each token begins in `text`, and where the last one ends.
    """

    row: int
    ids: np.ndarray
    segment: np.ndarray
    n_dropped: int
    text: str
    starts: np.ndarray

    @property
    def pieces(self) -> list[str]:
        """The text of each token; joined they are the rendered text up to the cut."""
        return [self.piece(i) for i in range(len(self.ids))]

    def piece(self, token: int) -> str:
        """The text of one token."""
        return self.text[self.starts[token] : self.starts[token + 1]]

    def count(self, segment: str) -> int:
        """Number of kept tokens of a segment."""
        return int((self.segment == SEGMENTS.index(segment)).sum())


def template_of(tokenizer: Any) -> str:
    """The tokenizer's own chat template, or a plain one for base models."""
    return tokenizer.chat_template or PLAIN_TEMPLATE


def template_digest(tokenizer: Any) -> str:
    """sha256 hex digest of the template, part of a store's key."""
    return hashlib.sha256(template_of(tokenizer).encode()).hexdigest()


def render(messages: tuple[Message, ...], tokenizer: Any) -> str:
    """The conversation as the model sees it. Templates that refuse a turn order fall back to the plain one."""
    turns = [{"role": m.role, "content": m.content} for m in messages]
    try:
        return tokenizer.apply_chat_template(turns, chat_template=template_of(tokenizer), tokenize=False)
    except Exception:  # Jinja's raise_exception(): a template may forbid system, tool or repeated turns
        return tokenizer.apply_chat_template(turns, chat_template=PLAIN_TEMPLATE, tokenize=False)


def spans(messages: tuple[Message, ...], text: str) -> list[tuple[int, int, int]]:
    """Where each message's content stands in the rendered text: (start, end, segment index).

    Templates may trim a content, so its stripped form is what is looked for.
    """
    found, cursor, answered = [], 0, False
    for message in messages:
        answered = answered or message.role == "assistant"
        content = message.content.strip()
        start = text.find(content, cursor) if content else -1
        if start < 0:
            continue
        segment = 1 if message.role == "assistant" else (2 if answered else 0)
        cursor = start + len(content)
        found.append((start, cursor, segment))
    return found


def tokenize(samples: list[Sample], tokenizer: Any, max_tokens: int) -> list[TokenizedSample]:
    """Render, tokenize and cut each sample to `max_tokens`; the first token is never part of a segment.

    A token belongs to a message if it shares a character with it.
    """
    texts = [render(s.messages, tokenizer) for s in samples]
    encoded = tokenizer(texts, add_special_tokens=False, return_offsets_mapping=True)
    out = []
    for sample, text, ids, offsets in zip(samples, texts, encoded["input_ids"], encoded["offset_mapping"], strict=True):
        ids = np.asarray(ids, np.int32)
        starts, ends = np.asarray(offsets, np.int64).reshape(-1, 2).T
        segment = np.full(len(ids), TEMPLATE_TOKEN, np.int8)
        for start, end, index in spans(sample.messages, text):
            segment[np.searchsorted(ends, start, "right") : np.searchsorted(starts, end)] = index
        segment[:1] = TEMPLATE_TOKEN  # the attention sink
        kept = min(len(ids), max_tokens)
        bounds = np.append(starts, ends[-1:])[: kept + 1].astype(np.int32)
        out.append(TokenizedSample(sample.row, ids[:kept], segment[:kept], len(ids) - kept, text[: ends[-1]], bounds))
    return out
