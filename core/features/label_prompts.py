"""What a judge is asked about a feature: for a label from its examples, and to tell examples apart by that label.

The label of a token feature comes from contexts with the activating tokens marked, that of a topic from whole samples,
the strongest and middling ones. Its detection score (Bills et al. 2023 score by
simulated activations; detection is EleutherAI's cheaper way, Paulo et al. 2024): of held-out activating examples and as
many others, unmarked and mixed, how many the judge tells apart. Text from data sets is hostile: it goes into a fence.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from core.features.label_examples import CLOSE, OPEN, Examples
from core.features.labels import cleaned
from core.lm.endpoint import MalformedAnswer, Messages, fenced

LABEL_CHARACTERS = 80
FENCED = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
LABEL_TASKS = {
    "tokens": "You name features of a language model's sparse autoencoder. Below are text excerpts in which one "
    f"feature is active; the tokens that activate it are between {OPEN} and {CLOSE}, the strongest excerpts come "
    "first. Say in at most eight words what these tokens, or the text around them, have in common. Be specific. Answer "
    'only with JSON: {"label": "..."}',
    "topics": "You name topics that were found in instruction data. Below are the beginnings of samples that share one "
    "topic, those that have it most come first. Say in a noun phrase of two to six words what all of them are about, "
    'ask for, or look like. Be specific. Answer only with JSON: {"label": "..."}',
}
DETECTION_TASKS = {
    "tokens": "A feature of a language model's sparse autoencoder has the label given first. Say in which of the "
    "numbered text excerpts after it the feature is active: those that contain what the label says. Answer only with "
    'JSON, the list of their numbers, which may be empty: {"active": [1, 2]}',
    "topics": "A topic of instruction data has the label given first. Say which of the numbered samples after it have "
    "the topic: those that are about, ask for, or look like what the label says. Answer only with JSON, the list of "
    'their numbers, which may be empty: {"active": [1, 2]}',
}


# --- prompts


def label_prompt(examples: Examples) -> Messages:
    """The request for a label."""
    return fenced(LABEL_TASKS[examples.lens], [f"{i}. {text}" for i, text in enumerate(examples.shown, 1)])


def detection_prompt(examples: Examples, label: str) -> Messages:
    """The request to tell the tested examples apart by a label."""
    numbered = [f"{i}. {text}" for i, text in enumerate(examples.tested, 1)]
    return fenced(DETECTION_TASKS[examples.lens], [f"Label: {label}", *numbered])


# --- answers


def parsed_label(answer: str) -> str:
    """The label in {"label": "..."}, one line of at most LABEL_CHARACTERS; raises MalformedAnswer."""
    value = _only_value(answer, "label")
    if not isinstance(value, str) or not cleaned(value):
        raise MalformedAnswer("the label is blank or no text")
    return cleaned(value, LABEL_CHARACTERS)


def parsed_active(answer: str, n: int) -> np.ndarray:
    """Which of `n` examples {"active": [numbers]} names, bool (n,); raises MalformedAnswer."""
    numbers = _only_value(answer, "active")
    if not isinstance(numbers, list) or any(type(i) is not int or not 1 <= i <= n for i in numbers):
        raise MalformedAnswer(f"the answer is no list of numbers from 1 to {n}")
    return np.isin(np.arange(1, n + 1), numbers)


def accuracy(found: np.ndarray, active: np.ndarray) -> float:
    """The detection score: mean of the shares right among the active and among the others, both bool (n,)."""
    return float((found[active].mean() + (~found[~active]).mean()) / 2)


def _only_value(answer: str, name: str) -> Any:
    """The value of a JSON object that has this key and no other; one Markdown fence around it is allowed."""
    text = answer.strip()
    if whole := FENCED.fullmatch(text):
        text = whole[1]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedAnswer("the answer is no JSON") from None
    if not isinstance(found, dict) or list(found) != [name]:
        raise MalformedAnswer(f'the answer is no object with the one key "{name}"')
    return found[name]
