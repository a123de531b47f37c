"""Chat template → token ids, and which segment each token belongs to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.schema import SEGMENTS, Message, Sample

TEMPLATE_TOKEN = -1  # a token of the chat template: it carries no sample meaning and is never recorded
# For base models, which ship no template of their own.
PLAIN_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] | capitalize }}: {{ m['content'] }}\n\n{% endfor %}"
)
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: Python's strings hold it, tokenizers refuse it


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
    template = tokenizer.chat_template
    if isinstance(template, dict):  # several by name
        template = template.get("default")
    return template or PLAIN_TEMPLATE


def template_digest(tokenizer: Any) -> str:
    """sha256 hex digest of the template, part of a store's key."""
    return hashlib.sha256(template_of(tokenizer).encode()).hexdigest()


def render(messages: tuple[Message, ...], tokenizer: Any) -> tuple[str, list[tuple[int, str]]]:
    """The conversation as the model sees it, and, in the order there, each message's index and the template text
    before it. Templates that refuse a turn order fall back to the plain one.
    """
    contents = [m.content for m in messages]
    marks = [f"\ue000{i}\ue001" for i in range(len(messages))]
    try:
        template = template_of(tokenizer)
        text, marked = (fill(messages, c, tokenizer, template) for c in (contents, marks))
    except Exception:  # Jinja's raise_exception(): a template may forbid system, tool or repeated turns
        text, marked = (fill(messages, c, tokenizer, PLAIN_TEMPLATE) for c in (contents, marks))
    before = []
    for i in sorted((i for i, mark in enumerate(marks) if mark in marked), key=lambda i: marked.index(marks[i])):
        own, _, marked = marked.partition(marks[i])
        before.append((i, own))
    return text, before


def fill(messages: tuple[Message, ...], contents: list[str], tokenizer: Any, template: str) -> str:
    """The template filled with the roles of `messages` and other contents."""
    turns = [{"role": m.role, "content": c} for m, c in zip(messages, contents, strict=True)]
    return tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False)


def spans(messages: tuple[Message, ...], text: str, before: list[tuple[int, str]]) -> list[tuple[int, int, int]]:
    """Where each message's content stands in the rendered text: (start, end, segment index).

    It is looked for behind the template's own text, which may hold the same words. Templates may trim a content, so its
    stripped form is looked for.
    """
    first_answer = next((i for i, m in enumerate(messages) if m.role == "assistant"), len(messages))
    found, cursor = [], 0
    for i, own in before:
        place, content = text.find(own, cursor), messages[i].content.strip()
        if place >= 0 and not text[cursor:place].strip():  # only blanks that end the last content may come between
            cursor = place + len(own)
        start = text.find(content, cursor) if content else -1
        if start < 0:
            continue
        cursor = start + len(content)
        found.append((start, cursor, 1 if messages[i].role == "assistant" else 2 if i > first_answer else 0))
    return found


def tokenize(samples: list[Sample], tokenizer: Any, max_tokens: int) -> list[TokenizedSample]:
    """Render, tokenize and cut each sample to `max_tokens`; the first token is never part of a segment.

    A token belongs to a message if it shares a character with it.
    """
    rendered = [render(s.messages, tokenizer) for s in samples]
    clean = [SURROGATE.sub("\ufffd", text) for text, _ in rendered]
    encoded = tokenizer(clean, add_special_tokens=False, return_offsets_mapping=True)
    columns = zip(samples, rendered, encoded["input_ids"], encoded["offset_mapping"], strict=True)
    out = []
    for sample, (text, before), ids, offsets in columns:
        ids = np.asarray(ids, np.int32)
        starts, ends = np.asarray(offsets, np.int64).reshape(-1, 2).T
        segment = np.full(len(ids), TEMPLATE_TOKEN, np.int8)
        for start, end, index in spans(sample.messages, text, before):
            segment[np.searchsorted(ends, start, "right") : np.searchsorted(starts, end)] = index
        segment[:1] = TEMPLATE_TOKEN  # the attention sink
        kept = min(len(ids), max_tokens)
        bounds, text = np.append(starts, ends[-1:])[: kept + 1].astype(np.int32), text[: ends.max(initial=0)]
        out.append(TokenizedSample(sample.row, ids[:kept], segment[:kept], len(ids) - kept, text, bounds))
    return out
