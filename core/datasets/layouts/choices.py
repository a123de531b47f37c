"""Multiple choice: the options of a question, and the one that an index, a letter or a label names."""

from __future__ import annotations

import string
from typing import Any

Choices = dict[str, str]  # label → text, in order


def choices_of(value: Any) -> Choices:
    """The choices by label: of a list of texts (A, B, …), of {A: text, …}, or of {label: […], text: […]}; else none."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        texts, labels = value["text"], value.get("label")
        labels = labels if isinstance(labels, list) and len(labels) == len(texts) else None
    elif isinstance(value, dict):
        bare = {label: text for label, text in value.items() if text is not None}
        texts, labels = list(bare.values()), list(bare)
    elif isinstance(value, list) and all(isinstance(each, dict) and {"label", "text"} <= each.keys() for each in value):
        texts, labels = [each["text"] for each in value], [each["label"] for each in value]
    else:
        texts, labels = value, None
    if not isinstance(texts, list) or not 2 <= len(texts) <= 26 or not all(_is_text(text) for text in texts):
        return {}
    return dict(zip(map(str, labels or string.ascii_uppercase), map(str, texts), strict=False))


def chosen_text(answer: Any, choices: Choices) -> str | None:
    """The text of the choice that an answer names by its label, letter, index from 0 or own words."""
    texts = list(choices.values())
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, bool) or not _is_text(answer):
        return None
    name = str(answer).strip()
    if isinstance(answer, str) and name in texts:
        return name
    label = name.strip("().:").upper()
    if label in choices:
        return choices[label]
    if len(label) == 1 and label in string.ascii_uppercase:
        place = string.ascii_uppercase.index(label)
    else:
        place = int(name) if name.isdecimal() else -1
    return texts[place] if 0 <= place < len(texts) else None


def listed(choices: Choices) -> str:
    """The choices as a prompt shows them, one a line."""
    return "\n".join(f"{label}. {text}" for label, text in choices.items())


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
