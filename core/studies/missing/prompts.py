"""What a model is asked for a candidate: a new sample that has a missing feature, after the reference's samples."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from core.features.label_prompts import FENCED
from core.lm.endpoint import MalformedAnswer, Messages, fenced

SHOWN, ALREADY = 3, 10  # examples in a request; prompts written before that it is not to repeat
BEGINNING = 200  # characters of these
TASKS = {
    "topics": "You write training data for an assistant. Below are the name of a topic and the beginnings of samples "
    "that have it. Write one new sample of this topic: what a user asks, and the whole answer of a helpful assistant. "
    "Choose another subject than those shown, and repeat none of those already written.",
    "tokens": "You write training data for an assistant. Below are the name of a feature of a language model and the "
    "beginnings of samples in which it is active. Write one new sample in which it is active: what a user asks, and "
    "the whole answer of a helpful assistant. Choose another subject than those shown, and repeat none of those "
    "already written.",
}
FORM = ' Answer only with JSON: {"prompt": "...", "answer": "..."}'


def candidate_prompt(
    lens: str, feature: int, name: str, examples: Sequence[str], nth: int, already: Sequence[str] = ()
) -> Messages:
    """The request for the nth candidate: each shows other examples, the same ones whenever it is made again."""
    drawn = np.random.default_rng([feature, nth]).permutation(len(examples))[:SHOWN]
    shown = [f"Sample {i}: {examples[at]}" for i, at in enumerate(drawn.tolist(), 1)]
    before = [f"Already written: {prompt[:BEGINNING]}" for prompt in already[-ALREADY:]]
    return fenced(TASKS[lens] + FORM, [f"Name: {name}", *shown, *before, f"Write number {nth + 1}."])


def parsed_candidate(answer: str) -> tuple[str, str]:
    """(prompt, answer) of {"prompt": "...", "answer": "..."}; raises MalformedAnswer."""
    text = answer.strip()
    if whole := FENCED.fullmatch(text):
        text = whole[1]
    try:
        found = json.loads(text, strict=False)  # models write line breaks into strings as they are
    except (ValueError, RecursionError):
        raise MalformedAnswer("the answer is no JSON") from None
    if not isinstance(found, dict) or set(found) != {"prompt", "answer"}:
        raise MalformedAnswer('the answer is no object with the keys "prompt" and "answer"')
    prompt, told = found["prompt"], found["answer"]
    if not (isinstance(prompt, str) and isinstance(told, str) and prompt.strip() and told.strip()):
        raise MalformedAnswer("the prompt or the answer is blank or no text")
    return prompt.strip(), told.strip()
