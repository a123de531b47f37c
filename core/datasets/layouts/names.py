"""The usual names of columns and speakers; case, spaces, hyphens and underscores do not matter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

CONVERSATIONS = ("messages", "conversations", "conversation")
LISTS = ("contents", "turns", "dialogue", "dialog", "segments", "data")  # conversations where they hold a list
PROMPTS = ("instruction", "prompt", "question", "query", "problem", "inputs", "text_input", "user", "human", "input",
           "problem_statement", "inputs_pretokenized")  # fmt: skip
RESPONSES = (
    "output", "completion", "response", "solution", "answer", "answers", "reply", "targets", "target", "assistant",
    "bot", "targets_pretokenized",
)  # fmt: skip
INPUTS = (  # beside the prompt
    "input", "context", "passage", "document", "article", "paragraph", "background", "contexts", "passages",
    "documents", "paragraphs",
)  # fmt: skip
SYSTEMS = ("system", "system_prompt", "system_message", "system_instruction")
HISTORIES = ("history", "chat_history")  # exchanges before the prompt
THOUGHTS = ("reasoning_content", "reasoning", "thinking", "thought", "complex_cot", "chain_of_thought")
SWITCHES = frozenset(  # stand in a column of reasoning and say whether there is any
    ("", "on", "off", "true", "false", "yes", "no", "none", "null", "nan", "na", "n/a", "enabled", "disabled")
)
CHOICES = ("choices", "options", "endings")
LABELS = ("label", "kto_tag", "is_correct")  # whether the answer is a good one
VERDICTS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
KEYS = ("answer_idx", "answer_index", "answer_key", "correct_answer", "correct", "answer", "label", "target", "cop")
CANDIDATES = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"), *(
    (f"{name}_{a}", f"{name}_{b}") for name in ("response", "answer", "completion", "conversation")
    for a, b in ("ab", "01", "12")
))  # fmt: skip
TOOLS = ("tools", "functions")
IDS = (
    "id", "uuid", "_id", "uid", "example_id", "sample_id", "record_id", "row_id", "conversation_id",
    "conversation_hash", "conv_id", "thread_id", "dialogue_id", "message_id",
    "message_tree_id", "question_id", "prompt_id", "idx",
)  # fmt: skip
SOURCES = ("source", "dataset")
SPEAKERS = {
    "user": ("user", "human", "prompter", "customer", "student", "questioner", "question", "instruction"),
    "assistant": (
        "assistant", "gpt", "chatgpt", "bing", "bard", "bot", "model", "ai", "claude", "function_call", "tool_call",
        "agent", "answerer", "chatbot", "answer", "response",
    ),
    "system": ("system", "developer"),
    "tool": (
        "tool", "function", "observation", "ipython", "tool_response", "function_response", "tool_result",
        "environment",
    ),
}  # fmt: skip


@lru_cache(maxsize=1 << 14)
def fold(name: str) -> str:
    """The letters and digits that tell a name from others: 'System-Prompt ' is systemprompt."""
    return re.sub(r"[\s_-]+", "", name).casefold()


def folded(names: Iterable[str]) -> frozenset[str]:
    """The names, each folded."""
    return frozenset(map(fold, names))


def find(record: dict, names: tuple[str, ...]) -> list[str]:
    """The keys that a record has for these names, in the order of `names`."""
    return list(_find(tuple(record), names))


@lru_cache(maxsize=1 << 10)  # the records of a file mostly have the same keys
def _find(keys: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    by_fold = {fold(str(key)): key for key in reversed(keys)} | {key: key for key in keys}
    there = (name if name in keys else fold(name) for name in names)
    return tuple(by_fold[name] for name in there if name in by_fold)


def are_of_a_record(names: tuple[str, ...]) -> bool:
    """Whether these name a record, and not an object around a list of records, which may have an `input`, too."""
    told = (*CONVERSATIONS, *(name for name in LISTS if name != "data"), *PROMPTS[:3], "completion", "replies")
    if _find(names, told) or any(len(_find(names, pair)) == 2 for pair in CANDIDATES):
        return True
    return len({*_find(names, (*PROMPTS, *INPUTS)), *(answers := _find(names, RESPONSES))}) > len(answers) > 0


ROLES = {fold(name): role for role, names in SPEAKERS.items() for name in names}
PAIRED = folded(name for pair in CANDIDATES for name in pair)
# Text in one of these belongs to the conversation, however short it is.
BESIDE = (*INPUTS, *SYSTEMS, *HISTORIES, *THOUGHTS, *CHOICES, *TOOLS)
SPOKEN = folded((*CONVERSATIONS, "contents", "segments", *BESIDE, "replies", "rejected", "chosen", "answers",
                 "train_detail"))  # fmt: skip
