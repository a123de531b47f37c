"""Conversations written in every layout that is read: shared by the tests of reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from core.datasets.layouts.columns import NO_INPUT
from core.schema import Message

LETTERS = "abcXYZ 0129.,;:!?'\"\\{}[]<>|#-_/\n\té中文字ش🙂"


def texts():
    """Text that has letters, and is none of the stand-ins for no input."""
    return st.text(LETTERS, min_size=1, max_size=30).map(lambda t: f"w{t}w").filter(lambda t: not NO_INPUT.fullmatch(t))


@dataclass(frozen=True)
class Talk:
    """A system prompt or none, and exchanges of a question and its answer."""

    system: str
    exchanges: tuple[tuple[str, str], ...]

    def messages(self) -> tuple[Message, ...]:
        turns = [Message(*turn) for q, a in self.exchanges for turn in (("user", q), ("assistant", a))]
        return (*([Message("system", self.system)] if self.system else []), *turns)


def talks(most: int = 3, system: bool = True):
    """Talks of at most so many exchanges."""
    head = st.one_of(st.just(""), texts()) if system else st.just("")
    return st.builds(Talk, head, st.lists(st.tuples(texts(), texts()), min_size=1, max_size=most).map(tuple))


def turns(talk: Talk, who="role", what="content", **names: str) -> list[dict]:
    """The messages as objects; `names`: what a speaker is called."""
    return [{who: names.get(m.role, m.role), what: m.content} for m in talk.messages()]


def _gemini(talk: Talk) -> dict:
    contents = [{"role": m.role, "parts": [{"text": m.content}]} for m in Talk("", talk.exchanges).messages()]
    for content in contents:
        content["role"] = {"assistant": "model"}.get(content["role"], content["role"])
    head = {"systemInstruction": {"parts": [{"text": talk.system}]}} if talk.system else {}
    return head | {"contents": contents}


def _alpaca(talk: Talk) -> dict:
    *before, (question, answer) = talk.exchanges
    record: dict[str, Any] = {"instruction": question, "input": "", "output": answer, "history": [*map(list, before)]}
    return record | ({"system": talk.system} if talk.system else {})


def _tree(talk: Talk) -> dict:
    node: dict[str, Any] = {}
    for m in reversed(talk.messages()):
        role = {"user": "prompter"}.get(m.role, m.role)
        worse = {"text": "no", "role": role, "rank": 1, "replies": []}
        node = {"text": m.content, "role": role, "rank": 0, "replies": [worse, node] if node else []}
    node["rank"] = None
    return {"message_tree_id": "t", "prompt": node}


def _chosen(talk: Talk) -> dict:
    said = turns(talk)
    return {"chosen": said, "rejected": [*said[:-1], {"role": "assistant", "content": "another answer"}]}


@dataclass(frozen=True)
class Layout:
    """How to write a talk; at most so many exchanges, with a system prompt or without; columns to name."""

    write: Callable[[Talk], dict]
    most: int = 3
    system: bool = True
    columns: tuple[tuple[str, str], ...] = ()


def _first(*names: str, **more: Any) -> Layout:
    """One exchange in columns of these names."""
    asked, answered, *system = names

    def write(talk: Talk) -> dict:
        record = dict(zip((asked, answered), talk.exchanges[0], strict=True)) | more
        return record | ({system[0]: talk.system} if talk.system else {})

    return Layout(write, 1, bool(system))


WRITERS: dict[str, Layout] = {
    "openai": Layout(lambda t: {"messages": turns(t)}),
    "openai with a developer": Layout(lambda t: {"messages": turns(t, system="developer")}),
    "openai with parts": Layout(
        lambda t: {"messages": [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in turns(t)]}
    ),
    "messages as JSON in a cell": Layout(lambda t: {"messages": json.dumps(turns(t))}),
    "keys in capitals with spaces": Layout(lambda t: {" Messages ": turns(t, "Role", "Content ", user="USER")}),
    "sharegpt": Layout(lambda t: {"conversations": turns(t, "from", "value", user="human", assistant="gpt")}),
    "sharegpt with a system column": Layout(
        lambda t: {
            "conversations": turns(Talk("", t.exchanges), "from", "value", user="human", assistant="gpt"),
            "system": t.system,
            "tools": "",
        }
    ),
    "wildchat": Layout(
        lambda t: {"conversation": [{**m, "language": "English", "toxic": False} for m in turns(t)], "model": "m"}
    ),
    "lima": Layout(lambda t: {"conversations": [x for pair in t.exchanges for x in pair]}, system=False),
    "ultrachat": Layout(lambda t: {"id": "0", "data": [x for pair in t.exchanges for x in pair]}, system=False),
    "capybara": Layout(lambda t: {"conversation": [{"input": q, "output": a} for q, a in t.exchanges]}, system=False),
    "user and bot": Layout(lambda t: {"conversations": [{"Bot": a, "User": q} for q, a in t.exchanges]}, system=False),
    "gemini": Layout(_gemini),
    "axolotl segments": Layout(
        lambda t: {"segments": [{"label": i % 2 == 1, "text": x} for p in t.exchanges for i, x in enumerate(p)]},
        system=False,
    ),
    "oasst tree": Layout(_tree, system=False),
    "alpaca": Layout(_alpaca),
    "trl": Layout(lambda t: {"prompt": turns(t)[:-1], "completion": turns(t)[-1:]}),
    "trl unpaired": Layout(lambda t: {"prompt": turns(t)[:-1], "completion": turns(t)[-1:], "label": True}),
    "trl implicit prompt": Layout(_chosen, columns=(("messages", "chosen"),)),
    "trl explicit prompt": Layout(
        lambda t: {"prompt": turns(t)[:-1], "chosen": turns(t)[-1:], "rejected": turns(t)[-1:]},
        columns=(("messages", "chosen"),),
    ),
    "trl plain pair": Layout(
        lambda t: {"prompt": t.exchanges[0][0], "chosen": t.exchanges[0][1], "rejected": "no"},
        1,
        False,
        (("messages", "chosen"),),
    ),
    "anthropic's pairs": Layout(
        lambda t: {"chosen": "".join(f"\n\nHuman: {q}\n\nAssistant: {a}" for q, a in t.exchanges), "rejected": "x"},
        system=False,
        columns=(("messages", "chosen"),),
    ),
    "openorca": _first("question", "response", "system_prompt", id="niv.1"),
    "dolly": _first("instruction", "response", context="", category="open_qa"),
    "prompt and completion": _first("prompt", "completion"),
    "flan": _first("inputs", "targets"),
    "problem and solution": _first("problem", "solution"),
    "capitals": _first("Question ", "ANSWER", "System-Prompt"),
    "self-instruct": Layout(
        lambda t: {"instruction": t.exchanges[0][0], "instances": [{"input": "", "output": t.exchanges[0][1]}]},
        1,
        False,
    ),
    "squad": Layout(
        lambda t: {"question": t.exchanges[0][0], "answers": {"text": [t.exchanges[0][1]], "answer_start": [3]}},
        1,
        False,
    ),
}
