"""Multiple choice: the options of a question, and the one that an index, a letter or a label names."""

from __future__ import annotations

import itertools
import json
import string
from typing import Any

from core.datasets.layouts.names import CHOICES, find
from core.settings import whole_number

Choices = dict[str, str]  # label → text, in order
LETTERS = string.ascii_uppercase
EACH = tuple(tuple(f"{name}{letter}" for letter in LETTERS) for name in ("", "op", "option ", "choice "))


def offered(record: dict) -> tuple[dict[str, str], Choices]:
    """The columns of the choices by part, and the choices: all in one column, or each in its own as A, opa, option_a.

    Columns that are called by letters alone may be anything, unless another column says one of these letters.
    """
    if name := next(iter(find(record, CHOICES)), None):
        return {"choices": name}, choices_of(record[name])
    for names in EACH:
        there = {name.strip()[-1].upper(): name for name in find(record, names)}
        run = itertools.takewhile(there.__contains__, LETTERS)  # what is called by a later letter is no choice
        found = {
            letter: there[letter] for letter in run if _is_text(record[there[letter]]) and record[there[letter]] != ""
        }
        if not {"A", "B"} <= found.keys():
            continue
        own = found.values()
        said = {str(value).strip("().: ") for name, value in record.items() if name not in own and _is_text(value)}
        if names != EACH[0] or not said.isdisjoint(own):
            parts = {f"choice {label}": name for label, name in found.items()}
            return parts, {label: str(record[name]) for label, name in found.items()}
    return {}, {}


def choices_of(value: Any) -> Choices:
    """The choices by label: of a list of texts (A, B, …), of {A: text, …}, of {label: […], text: […]}, of a list of
    {label, text} or {key, value}, or of one of these as JSON; else none.
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):  # a CSV cell
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        texts, labels = value["text"], value.get("label")
        labels = labels if isinstance(labels, list) and len(labels) == len(texts) else None
    elif isinstance(value, dict):
        bare = {label: text for label, text in value.items() if text is not None}
        texts, labels = list(bare.values()), list(bare)
    else:
        texts, labels = value, None
        for label, text in (("label", "text"), ("key", "value")):
            objects = value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else []
            if objects and all({label, text} <= each.keys() for each in objects):
                texts, labels = [each[text] for each in value], [each[label] for each in value]
    if not isinstance(texts, list) or not 2 <= len(texts) <= 26 or not all(_is_text(text) for text in texts):
        return {}
    return dict(zip(map(str, labels or LETTERS), map(str, texts), strict=False))


def chosen_text(answer: Any, choices: Choices) -> str | None:
    """The text of the choice that an answer names by its label, letter, index from 0 or own words."""
    texts = list(choices.values())
    by_place = [choices.get(letter) for letter in LETTERS] if {"A"} <= choices.keys() <= {*LETTERS} else texts
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
    number = whole_number(name)
    place = number if number is not None else LETTERS.find(label) if len(label) == 1 else -1
    return by_place[place] if 0 <= place < len(by_place) else None


def listed(choices: Choices) -> str:
    """The choices as a prompt shows them, one a line."""
    return "\n".join(f"{label}. {text}" for label, text in choices.items())


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
