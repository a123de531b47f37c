"""What a judge is asked about a feature: for a label from its contexts, and to tell examples apart by that label.

The label comes from contexts with the activating tokens marked. Its detection score (Bills et al. 2023 score by
simulated activations; detection is EleutherAI's cheaper way, Paulo et al. 2024): of held-out activating examples and as
many others, unmarked and mixed, how many the judge tells apart. Text from data sets is hostile: it goes into a fence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.features.labels import cleaned
from core.lm.endpoint import MalformedAnswer, Messages, fenced
from core.matrix.transpose import transpose
from core.schema import FeatureMatrix
from core.store.reader import FeatureStore

SHOWN = TESTED = 10  # contexts that a label is made from; activating examples that it is tested on
LABEL_CHARACTERS = 80
OPEN, CLOSE = "<<", ">>"  # around activating tokens
FENCED = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
LABEL_TASK = (
    "You name features of a language model's sparse autoencoder. Below are text excerpts in which one feature is "
    f"active; the tokens that activate it are between {OPEN} and {CLOSE}, the strongest excerpts come first. Say in at "
    "most eight words what these tokens, or the text around them, have in common. Be specific. Answer only with JSON: "
    '{"label": "..."}'
)
DETECTION_TASK = (
    "A feature of a language model's sparse autoencoder has the label given first. Say in which of the numbered text "
    "excerpts after it the feature is active: those that contain what the label says. Answer only with JSON, the list "
    'of their numbers, which may be empty: {"active": [1, 2]}'
)


@dataclass(frozen=True)
class Examples:
    """What a feature is labelled and tested with.

    shown: contexts of the store, strongest first. tested: texts in a random order; active bool (len(tested),): which of
    them activate the feature, half of them, or none at all where every sample has the feature.
    """

    feature: int
    shown: list[dict[str, Any]]
    tested: list[str]
    active: np.ndarray


# --- examples


def example_maker(store: FeatureStore, matrix: FeatureMatrix, seed: int = 0) -> Callable[[int], Examples]:
    """A function that gives the examples of a feature; the same for the same feature and seed.

    Activating examples are held out from those shown wherever there are four contexts or more; the others are windows
    of the same width from samples in which the feature is not active in `matrix` (all segments, θ = 0).
    """
    ptr, rows = transpose(matrix.indptr, matrix.feature, matrix.n_features)

    def examples(feature: int) -> Examples:
        rng = np.random.default_rng([seed, feature])
        contexts = store.contexts(feature)
        shown, held_out = split(contexts, rng)
        lacking = np.setdiff1d(np.arange(matrix.n_samples), rows[ptr[feature] : ptr[feature + 1]])
        radius = max((max(c["peak"], len(c["values"]) - 1 - c["peak"]) for c in contexts), default=0)
        n = min(len(held_out), len(lacking))
        others = [window(store, row, radius, rng) for row in rng.choice(lacking, n, replace=False)]
        texts = ["".join(c["pieces"]) for c in held_out[:n]] + others
        order = rng.permutation(2 * n)
        return Examples(feature, shown, [texts[i] for i in order], order < n)

    return examples


def split(contexts: Sequence[dict[str, Any]], rng: np.random.Generator) -> tuple[list, list]:
    """Contexts to show (strongest first) and to test on, at most SHOWN and TESTED, both spread evenly over the bins.

    They have none in common, unless there are fewer than four in all.
    """
    if len(contexts) < 4:
        return list(contexts), list(contexts)
    place: dict[int, int] = {}  # how many of a bin have been dealt already
    dealt: tuple[list, list] = ([], [])
    for i in rng.permutation(len(contexts)).tolist():
        part = contexts[i].get("bin", 0)
        turn = place[part] = place.get(part, -1) + 1
        dealt[turn % 2].append((turn, part, i))
    shown = sorted(i for _, _, i in sorted(dealt[0])[:SHOWN])
    return [contexts[i] for i in shown], [contexts[i] for _, _, i in sorted(dealt[1])[:TESTED]]


def window(store: FeatureStore, row: int, radius: int, rng: np.random.Generator) -> str:
    """The text around a random content token of a sample, cut as contexts are: at most 2 · radius + 1 tokens."""
    pieces, segments = store.pieces(int(row))
    content = np.flatnonzero(segments >= 0)
    centre = int(rng.choice(content)) if len(content) else 0
    return "".join(pieces[max(0, centre - radius) : centre + radius + 1])


# --- prompts


def marked(context: dict[str, Any]) -> str:
    """A context as text, each run of activating tokens between OPEN and CLOSE."""
    parts, inside = [], False
    for piece, value in zip(context["pieces"], context["values"], strict=True):
        if (value > 0) != inside:
            parts.append(CLOSE if inside else OPEN)
            inside = not inside
        parts.append(piece.replace(OPEN, "< <").replace(CLOSE, "> >"))
    return "".join(parts) + (CLOSE if inside else "")


def label_prompt(examples: Examples) -> Messages:
    """The request for a label."""
    return fenced(LABEL_TASK, [f"{i}. {marked(c)}" for i, c in enumerate(examples.shown, 1)])


def detection_prompt(examples: Examples, label: str) -> Messages:
    """The request to tell the tested examples apart by a label."""
    numbered = [f"{i}. {text}" for i, text in enumerate(examples.tested, 1)]
    return fenced(DETECTION_TASK, [f"Label: {label}", *numbered])


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
