"""Chat template → token ids, and which segment each token belongs to."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.lm.window import tokens_read
from core.schema import SEGMENTS, Message, Sample

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TEMPLATE_TOKEN = -1  # a token of the chat template: it carries no sample meaning and is never recorded
# For base models, which ship no template of their own.
PLAIN_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] | capitalize }}: {{ m['content'] }}\n\n{% endfor %}"
)
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: Python's strings hold it, tokenizers refuse it
THOUGHT = re.compile(r"(</?(?:think|thinking|thought)>|\[/?THINK\])")  # where templates cut contents

GAP = " […] "  # shown where tokens of a sample were not read
HIDDEN = 0x100000  # added to the characters of a tag, so that a template does not see it: Unicode's last private plane
HIDDEN_TAG = re.compile("[\U00100000-\U0010007f]+")

Span = tuple[int, int, int]  # start and end of a content in the rendered text, and its index into SEGMENTS


class Rendered(NamedTuple):
    """A conversation as the model sees it. restored: whether it holds a part of an answer that the template drops."""

    text: str
    spans: list[Span]
    restored: bool


@dataclass(frozen=True)
class TokenizedSample:
    """A sample of which all is tokenized, and its tokens that are read: T of n_tokens.

    ids int32 (T,); segment int8 (T,): index into SEGMENTS, or TEMPLATE_TOKEN; starts, ends int32 (T,): where each token
    begins in `text`, and where the next one does; place int32 (T,): its place among all. whole: tokens of each segment
    in the whole sample, read or not. restored: as of Rendered.
    """

    row: int
    ids: np.ndarray
    segment: np.ndarray
    place: np.ndarray
    text: str
    starts: np.ndarray
    ends: np.ndarray
    n_tokens: int
    whole: dict[str, int]
    restored: bool

    @property
    def n_dropped(self) -> int:
        """Number of tokens that are not read."""
        return self.n_tokens - len(self.ids)

    @property
    def pieces(self) -> list[str]:
        """The text of each token that is read, with GAP behind one whose next is not; joined they are the text."""
        gaps = np.append(np.diff(self.place) > 1, False)
        return [self.piece(i) + GAP * gap for i, gap in enumerate(gaps.tolist())]

    def piece(self, token: int) -> str:
        """The text of one token."""
        return self.text[self.starts[token] : self.ends[token]]

    def count(self, segment: str) -> int:
        """Number of tokens of a segment that are read."""
        return int((self.segment == SEGMENTS.index(segment)).sum())


def template_of(tokenizer: PreTrainedTokenizerFast) -> str:
    """The tokenizer's own chat template, or a plain one for base models."""
    template = tokenizer.chat_template
    if isinstance(template, dict):  # several by name
        template = template.get("default")
    return template or PLAIN_TEMPLATE


def template_digest(tokenizer: PreTrainedTokenizerFast) -> str:
    """sha256 hex digest of the template, part of a store's key."""
    return hashlib.sha256(template_of(tokenizer).encode()).hexdigest()


def render(messages: tuple[Message, ...], tokenizer: PreTrainedTokenizerFast) -> Rendered:
    """The conversation as the model sees it, and where each message's content stands in it.

    Templates that refuse a turn order fall back to the plain one. Of an answer that is trained on nothing is lost:
    where a template drops a part (Qwen3's and DeepSeek-R1's leave out what an earlier turn thought), the tags that it
    looks for are hidden from it; if that does not help, the conversation takes the plain one.
    """
    contents, template, segments = [m.content for m in messages], template_of(tokenizer), segments_of(messages)
    text, places, gone = located(messages, contents, tokenizer, template)
    lost = {i for i in gone if messages[i].trained}
    if lost:
        contents = [hidden(content) if i in lost else content for i, content in enumerate(contents)]
        text, places, gone = located(messages, contents, tokenizer, template)
    if gone & lost:
        text, places, _ = located(messages, contents, tokenizer, PLAIN_TEMPLATE)
    spans = [(*with_tags(contents[i].strip(), text, place), segments[i]) for i, place in places.items()]
    return Rendered(shown(text) if lost else text, spans, bool(lost))


def located(
    messages: tuple[Message, ...], contents: list[str], tokenizer: PreTrainedTokenizerFast, template: str
) -> tuple[str, dict[int, tuple[int, int]], set[int]]:
    """The template filled with `contents`, where (start, end) each stands in it, and those of which a part is gone.

    A template may trim contents, move them, or cut a part away: so it is filled a second time, with marks within the
    contents, and what is left of those tells where a content begins and ends.
    """
    sign = next((c for c in map(chr, range(0xE000, 0xF900)) if not any(c in text for text in contents)), "\ue000")
    marked = [with_marks(text, i, sign) for i, text in enumerate(contents)]
    try:
        text, filled = (fill(messages, c, tokenizer, template) for c in (contents, marked))
    except Exception:  # noqa: BLE001  Jinja's raise_exception(): a template may forbid system, tool or repeated turns
        template = PLAIN_TEMPLATE
        text, filled = (fill(messages, c, tokenizer, template) for c in (contents, marked))
    plain, places = between_marks(filled, sign)
    if plain != text:  # a template that asks how a content begins or ends
        bare = [f"{sign}{i}{sign}" for i in range(len(contents))]
        places = looked_for(contents, text, fill(messages, bare, tokenizer, template), sign)
    begins = re.compile(rf"{sign}\d+<\d+{sign}")
    left = set(begins.findall(filled))
    return text, places, {i for i, each in enumerate(marked) if not left.issuperset(begins.findall(each))}


def hidden(content: str) -> str:
    """The content with other characters, as many, for those of its tags of thinking."""
    return THOUGHT.sub(lambda tag: "".join(chr(HIDDEN + ord(c)) for c in tag[0]), content)


def shown(text: str) -> str:
    """The text with the tags that were hidden."""
    return HIDDEN_TAG.sub(lambda tag: "".join(chr(ord(c) - HIDDEN) for c in tag[0]), text)


def fill(messages: tuple[Message, ...], contents: list[str], tokenizer: PreTrainedTokenizerFast, template: str) -> str:
    """The template filled with the roles of `messages` and other contents; raises what the template raises."""
    turns = [{"role": m.role, "content": c} for m, c in zip(messages, contents, strict=True)]
    return str(tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False))


def segments_of(messages: tuple[Message, ...]) -> list[int]:
    """The segment of each message, as an index into SEGMENTS; an answer of weight 0 is `later`, never response."""
    first_answer = next((i for i, m in enumerate(messages) if m.role == "assistant"), len(messages))
    return [1 if m.trained else 2 if i >= first_answer else 0 for i, m in enumerate(messages)]


def with_marks(content: str, i: int, sign: str) -> str:
    """The content with marks around each of its pieces between tags of thinking; blanks stay outside, so that a
    template trims them as without marks."""
    parts = THOUGHT.split(content)
    for k in range(0, len(parts), 2):
        if piece := parts[k].strip():
            parts[k] = parts[k].replace(piece, f"{sign}{i}<{k}{sign}{piece}{sign}{i}>{k}{sign}", 1)
    return "".join(parts)


def between_marks(filled: str, sign: str) -> tuple[str, dict[int, tuple[int, int]]]:
    """The text without its marks, and of each content (start, end) therein: from its first piece to its last."""
    first, *rest = re.split(rf"{sign}(\d+[<>]\d+){sign}", filled)
    found: dict[str, int] = {}
    texts, at = [first, *rest[1::2]], 0
    for text, mark in zip(texts, rest[::2], strict=False):
        at += len(text)
        found.setdefault(mark, at)  # the first, where a template repeats a content
    places: dict[int, tuple[int, int]] = {}
    for mark, start in found.items():
        i, begins, k = mark.partition("<")
        if begins and (end := found.get(f"{i}>{k}")) is not None:
            places[int(i)] = (places.get(int(i), (start,))[0], end)
    return "".join(texts), places


def with_tags(content: str, text: str, place: tuple[int, int]) -> tuple[int, int]:
    """A place with the tags at the content's ends, where the whole content stands in the text."""
    first = next((piece for part in THOUGHT.split(content)[::2] if (piece := part.strip())), content)
    start = place[0] - content.index(first)
    return (start, start + len(content)) if start >= 0 and text.startswith(content, start) else place


def looked_for(contents: list[str], text: str, filled: str, sign: str) -> dict[int, tuple[int, int]]:
    """The (start, end) of contents in the text, each looked for behind the template's own text before it, which may
    hold the same words: whole, or what follows its thinking. `filled`: the template with a mark for each content.
    """
    places: dict[int, tuple[int, int]] = {}
    parts, cursor = re.split(f"{sign}(\\d+){sign}", filled), 0
    for own, i in zip(parts[::2], map(int, parts[1::2]), strict=False):
        place = text.find(own, cursor)
        if place >= 0 and not text[cursor:place].strip():  # only blanks that end the last content may come between
            cursor = place + len(own)
        for content in (contents[i].strip(), THOUGHT.split(contents[i])[-1].strip()):
            start = text.find(content, cursor) if content and i not in places else -1
            if start >= 0:
                cursor = start + len(content)
                places[i] = (start, cursor)
    return places


def tokenize(
    samples: list[Sample], tokenizer: PreTrainedTokenizerFast, max_tokens: int | None
) -> list[TokenizedSample]:
    """Render and tokenize each sample, and choose what is read: at most `max_tokens`, as of `tokens_read`; None: all.

    A token belongs to a message if it shares a character with it; the first token is never part of a segment.
    """
    rendered = [render(s.messages, tokenizer) for s in samples]
    clean = [SURROGATE.sub("\ufffd", each.text) for each in rendered]
    encoded = tokenizer(clean, add_special_tokens=False, return_offsets_mapping=True)
    columns = zip(samples, rendered, encoded["input_ids"], encoded["offset_mapping"], strict=True)
    return [tokenized(*column, max_tokens) for column in columns]


def tokenized(
    sample: Sample, rendered: Rendered, ids: list[int], offsets: list[tuple[int, int]], max_tokens: int | None
) -> TokenizedSample:
    """A sample's tokens, which begin and end in the rendered text at `offsets`, as of `tokenize`."""
    starts, ends = np.asarray(offsets, np.int32).reshape(-1, 2).T
    segment = np.full(len(ids), TEMPLATE_TOKEN, np.int8)
    for start, end, index in rendered.spans:
        segment[np.searchsorted(ends, start, "right") : np.searchsorted(starts, end)] = index
    segment[:1] = TEMPLATE_TOKEN  # the attention sink
    whole = {name: int((segment == i).sum()) for i, name in enumerate(SEGMENTS)}
    read, text = tokens_read(segment, max_tokens or len(ids)), rendered.text[: ends.max(initial=0)]
    nexts = np.append(starts[1:], ends[-1:])
    return TokenizedSample(
        sample.row, np.asarray(ids, np.int32)[read], segment[read], read.astype(np.int32), text, starts[read],
        nexts[read], len(ids), whole, rendered.restored,
    )  # fmt: skip
