"""Scores of what a fine-tuned model writes, given by code alone: results met exactly, instructions followed.

After GSM8K (arXiv 2110.14168), whose answers end in the number that counts, and IFEval (arXiv 2311.07911), whose
instructions code can check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.lm.generation import asked, generate
from core.lm.language_model import LanguageModel
from core.proof.config import ProofConfig
from core.schema import Message, Sample
from core.topics.language import language

LONGEST = 192  # tokens of an answer that is written
MOST_PROMPT = 512
BATCH_TOKENS = 16384
NUMBER = re.compile(r"(?:(?<!\d)-)?(?:\d[\d,]*)?\.?\d+")
OnDone = Callable[[int, int], None]


@dataclass(frozen=True)
class Instruction:
    """A demand on an answer, the sentence that makes it, and whether an answer meets it."""

    name: str
    sentence: str
    met: Callable[[str], bool]


def is_json_object(text: str) -> bool:
    """Whether a text, or the block of code that it is, is one JSON object."""
    inner = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", text.strip(), re.DOTALL)
    try:
        return isinstance(json.loads(inner[1] if inner else text), dict)
    except ValueError:
        return False


INSTRUCTIONS = (
    Instruction("at most 30 words", "Answer in at most 30 words.", lambda text: len(text.split()) <= 30),
    Instruction("60 words or more", "Answer in 60 words or more.", lambda text: len(text.split()) >= 60),
    Instruction("small letters", "Use small letters only, no capitals.", lambda text: text == text.lower()),
    Instruction("capitals", "Write everything in CAPITAL LETTERS.", lambda text: text == text.upper()),
    Instruction("no commas", "Do not use any commas.", lambda text: "," not in text),
    Instruction("JSON", "Answer with one JSON object and nothing else.", is_json_object),
    Instruction("three points", "Answer in exactly three lines, each beginning with a hyphen.",
                lambda text: [line.lstrip()[:1] for line in text.splitlines() if line.strip()] == ["-"] * 3),
    Instruction("keyword", "Use the word harbour in your answer.", lambda text: "harbour" in text.lower()),
    Instruction("last words", "End your answer with the words: That is all.",
                lambda text: text.rstrip(' *"').endswith("That is all.")),
    Instruction("German", "Answer in German.", lambda text: language(text) == "de"),
)  # fmt: skip


def last_number(text: str) -> float | None:
    """The last number in a text: what an answer to a problem of arithmetic amounts to."""
    found = NUMBER.findall(text)
    return float(found[-1].replace(",", "")) if found else None


def result(sample: Sample) -> float | None:
    """The last number of a sample's first answer."""
    return last_number(next((m.content for m in sample.messages if m.trained), ""))


def instructed(sample: Sample, instruction: Instruction) -> Sample:
    """The sample asked again, with the demand after its last turn."""
    *before, last = asked(sample)
    return replace(sample, messages=(*before, Message(last.role, f"{last.content}\n\n{instruction.sentence}")))


def written_scores(
    lm: LanguageModel, config: ProofConfig, samples: Sequence[Sample], source: np.ndarray, told: OnDone
) -> dict[str, float]:
    """What the model writes to held-out prompts, from 0 to 1 by name: the share of the answers of `config.exact`'s
    sources whose last number is met, and of `config.instructed` prompts whose demand is met. source: text (H,).

    The demands take turns over prompts that are drawn by the seed of the held-out samples.
    """
    exact = [s for s, of in zip(samples, source, strict=True) if of in config.exact and result(s) is not None]
    others = [s for s, of in zip(samples, source, strict=True) if of not in config.exact and asked(s)]
    order = np.random.default_rng([config.held_out_seed, 11]).permutation(len(others))[: config.instructed]
    demands = [INSTRUCTIONS[i % len(INSTRUCTIONS)] for i in range(len(order))]
    again = [instructed(others[i], demand) for i, demand in zip(order.tolist(), demands, strict=True)]
    answers = generate(lm, [*exact, *again], LONGEST, MOST_PROMPT, BATCH_TOKENS, told)
    met = [last_number(text) == result(s) for text, s in zip(answers, exact, strict=False)]
    followed = [bool(t.strip()) and d.met(t) for t, d in zip(answers[len(exact) :], demands, strict=True)]
    found = {"exact match": met, "instructions": followed}
    return {name: float(np.mean(each)) for name, each in found.items() if each}
