"""What a feature is labelled and tested with: contexts of a token feature, whole samples of a topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.matrix.postings import samples_with
from core.schema import FeatureMatrix, Sample
from core.store.reader import FeatureStore

SHOWN = TESTED = 10  # contexts that a label is made from; activating examples that it is tested on
STRONG = MIDDLING = 10  # samples of a topic, of which half are shown and half tested
MOST_CHARACTERS = 300  # of a prompt, and of a response
OPEN, CLOSE = "<<", ">>"  # around activating tokens


@dataclass(frozen=True)
class Examples:
    """What a feature of a lens is labelled and tested with.

    shown: texts, strongest first, activating tokens marked. tested: texts in a random order, unmarked; active bool
    (len(tested),): which of them activate the feature, half of them, or none at all where every sample has the feature.
    """

    feature: int
    lens: str
    shown: list[str]
    tested: list[str]
    active: np.ndarray


def example_maker(
    store: FeatureStore, matrix: FeatureMatrix, lens: str = "tokens", seed: int = 0
) -> Callable[[int], Examples]:
    """A function that gives the examples of a feature; the same for the same feature and seed.

    Activating examples are held out from those shown wherever there are four or more; the others are from samples in
    which the feature is not active in `matrix` (of the lens, all segments, θ = 0).
    """

    def examples(feature: int) -> Examples:
        rng, having = np.random.default_rng([seed, feature]), samples_with(matrix, feature)
        contexts = ranked(matrix, feature) if lens == "topics" else store.contexts(feature)
        shown, held_out = split(contexts, rng)
        lacking = np.setdiff1d(np.arange(matrix.n_samples), having)
        n = min(len(held_out), len(lacking))
        others = rng.choice(lacking, n, replace=False)
        if lens == "topics":
            seen, texts = _samples(store, shown, held_out[:n], others)
        else:
            seen, texts = _windows(store, contexts, shown, held_out[:n], others, rng)
        order = rng.permutation(2 * n)
        return Examples(feature, lens, seen, [texts[i] for i in order], order < n)

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


# --- tokens: contexts around peaks


def _windows(
    store: FeatureStore, contexts: list, shown: list, held_out: list, others: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """The contexts shown, and the texts tested: contexts, then windows of the same width around random tokens."""
    radius = max((max(c["peak"], len(c["values"]) - 1 - c["peak"]) for c in contexts), default=0)
    windows = [window(store, row, radius, rng) for row in others]
    return [marked(c) for c in shown], ["".join(c["pieces"]) for c in held_out] + windows


def window(store: FeatureStore, row: int, radius: int, rng: np.random.Generator) -> str:
    """The text around a random content token of a sample, cut as contexts are: at most 2 · radius + 1 tokens."""
    pieces, segments = store.pieces(int(row))
    content = np.flatnonzero(segments >= 0)
    centre = int(rng.choice(content)) if len(content) else 0
    return "".join(pieces[max(0, centre - radius) : centre + radius + 1])


def marked(context: dict[str, Any]) -> str:
    """A context as text, each run of activating tokens between OPEN and CLOSE."""
    parts, inside = [], False
    for piece, value in zip(context["pieces"], context["values"], strict=True):
        if (value > 0) != inside:
            parts.append(CLOSE if inside else OPEN)
            inside = not inside
        parts.append(piece.replace(OPEN, "< <").replace(CLOSE, "> >"))
    return "".join(parts) + (CLOSE if inside else "")


# --- topics: whole samples


def ranked(matrix: FeatureMatrix, topic: int) -> list[dict[str, Any]]:
    """The samples that have a topic most (bin 0), then those around the middle of the rest (bin 1), strongest first."""
    rows, value = samples_with(matrix, topic), matrix.value[matrix.feature == topic]
    rows = rows[np.argsort(-value, kind="stable")]
    middle = max(0, (len(rows) - STRONG - MIDDLING) // 2) + STRONG
    parts = rows[:STRONG], rows[middle : middle + MIDDLING]
    return [{"bin": part, "sample_id": int(row)} for part, found in enumerate(parts) for row in found]


def _samples(store: FeatureStore, shown: list, held_out: list, others: np.ndarray) -> tuple[list[str], list[str]]:
    """The beginnings of the samples shown, and of those tested: samples that have the topic, then others."""
    rows = [c["sample_id"] for c in [*shown, *held_out]]
    texts = [beginning(sample) for sample in store.samples([*rows, *others.tolist()])]
    return texts[: len(shown)], texts[len(shown) :]


def beginning(sample: Sample) -> str:
    """The first MOST_CHARACTERS of a sample's prompt and of its response, each under its name."""
    parts = {"Prompt": sample.prompt.strip(), "Response": sample.response.strip()}
    return "\n".join(
        f"{name}: {text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + '…'}"
        for name, text in parts.items()
    )
