"""A concept in words: the features that it activates, those named for it, and the samples nearest to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import SelectionError
from core.extract.token_values import content_states, tokenized
from core.features.function_words import FUNCTION_WORDS
from core.schema import FeatureMatrix, Message, Sample
from core.session.session import Session
from core.settings import whole_number
from core.topics.model import prepared

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline

SHOWN = 10  # features of a lens, and samples
FAINT = 0.5  # of the strongest topic's value: the weaker ones of a short text mean little


@dataclass(frozen=True)
class Reading:
    """What a model makes of a text: its mean vector float32 (d,), and its token features with their largest values."""

    vector: np.ndarray
    features: Mapping[int, float]


@dataclass(frozen=True)
class Concept:
    """What a text stands for in a store. Features come strongest first, samples nearest first.

    activated: of each lens, feature and value. named: of each lens, the features whose name has the words. rows int64,
    likeness float64 (M,): the samples nearest to it.
    """

    activated: Mapping[str, list[tuple[int, float]]]
    named: Mapping[str, list[int]]
    rows: np.ndarray
    likeness: np.ndarray

    def features(self, lens: str) -> list[int]:
        """All its features of a lens, each once: those named for it, then those that it activates."""
        return list(dict.fromkeys([*self.named[lens], *(f for f, _ in self.activated.get(lens, []))]))


def concept(session: Session, pipeline: Pipeline, text: str, names: Mapping[str, Mapping[int, str]]) -> Concept:
    """The concept that a text stands for; names: of each lens, what its features are called.

    Only features that some sample of the store has are activated. Raises SelectionError for a text without words.
    """
    if not text.strip():
        raise SelectionError("A concept is a word or a sentence: type one.")
    found, topics = read(pipeline, text), session.topics()
    activated: dict[str, list[tuple[int, float]]] = {}
    if topics is not None:
        own = topics.encode(found.vector[None])
        least = FAINT * own.value.max(initial=0)
        values = {f: v for f, v in zip(own.feature.tolist(), own.value.tolist(), strict=True) if v >= least}
        activated["topics"] = strongest(values, names["topics"])
    if "tokens" in session.store.lenses:
        above = {f: v for f, v in found.features.items() if v > session.default_theta()[0]}
        activated["tokens"] = strongest(above, names["tokens"])
    likeness = nearness(session, found.vector)
    if "tokens" in session.store.lenses:  # the vector of a few words says little of the words themselves
        likeness = (likeness + shared(session.matrix("all", session.default_theta()[0]), found.features)) / 2
    rows = np.argsort(-likeness, kind="stable")[:SHOWN]
    named = {lens: name_matches(text, named_here(session, names[lens], lens))[:SHOWN] for lens in session.store.lenses}
    return Concept(activated, named, rows, likeness[rows])


def named_here(session: Session, names: Mapping[int, str], lens: str) -> dict[int, str]:
    """The names of the features of a lens that some sample of the store has."""
    return {int(f): names.get(int(f), "") for f in session.store.features(lens)["feature_id"]}


def read(pipeline: Pipeline, text: str) -> Reading:
    """Run the model and its SAE on a text as a person's message."""
    return read_sample(pipeline, Sample(0, (Message("user", text),), None))


def read_sample(pipeline: Pipeline, sample: Sample) -> Reading:
    """Run the model and its SAE on a sample that is in no store."""
    _, states = content_states(tokenized(sample, pipeline), pipeline)
    _, feature, value = pipeline.triples(states)
    whole = "\n\n".join(message.content for message in sample.messages)
    vector = pipeline.encoder.embed([whole])[0] if pipeline.encoder else states.float().mean(0).cpu().numpy()
    largest: dict[int, float] = {}
    for f, v in zip(feature.tolist(), value.tolist(), strict=True):
        largest[f] = max(v, largest.get(f, 0.0))
    return Reading(vector, largest)


def strongest(values: Mapping[int, float], known: Mapping[int, str]) -> list[tuple[int, float]]:
    """The features with the largest values among those that are known, ties to the lowest."""
    return sorted(((f, v) for f, v in values.items() if f in known), key=lambda pair: (-pair[1], pair[0]))[:SHOWN]


def nearness(session: Session, vector: np.ndarray) -> np.ndarray:
    """The cosine of each sample's vector with this one (d,), both less the mean of all samples: float64 (N,)."""
    mean, units = session.remember("centred", lambda: centred(session.store.embeddings()))
    own = prepared(vector[None].astype(np.float32), mean, np.zeros_like(mean))[0]
    return (units @ own).astype(np.float64)


def near_sample(session: Session, row: int) -> np.ndarray:
    """The same with the vector of a sample of the store: float64 (N,)."""
    _, units = session.remember("centred", lambda: centred(session.store.embeddings()))
    return (units @ units[row]).astype(np.float64)


def row_named(text: str, n: int) -> int | None:
    """The row of n that a text such as "12" or "row 12" names, None for any other; SelectionError past the last."""
    row = whole_number(text.lower().removeprefix("row").strip().replace(",", ""))
    if row is not None and row >= n:
        raise SelectionError(f"There is no row {row}: the last one is {n - 1:,}.")
    return row


def nearest(likeness: np.ndarray, rows: np.ndarray, most: int) -> np.ndarray:
    """The `most` of `rows` int64 with the largest likeness (N,), the nearest first, ties to the lowest row."""
    return rows[np.argsort(-likeness[rows], kind="stable")[:most]]


def shared(matrix: FeatureMatrix, features: Mapping[int, float]) -> np.ndarray:
    """How much of a text's features each sample has, in [0, 1], rare ones counting more (idf): float64 (N,)."""
    own = np.zeros(matrix.n_features)
    own[list(features)] = list(features.values())
    counts = np.bincount(matrix.feature, minlength=matrix.n_features)
    weight = np.where((own > 0) & (counts > 0), np.log(matrix.n_samples / np.maximum(counts, 1)), 0)
    part = np.minimum(matrix.value / np.maximum(own[matrix.feature], 1e-9), 1)
    row = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    return np.bincount(row, weight[matrix.feature] * part, minlength=matrix.n_samples) / max(weight.sum(), 1e-9)


def centred(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of vectors (N, d), float32 (d,), and what is left of each, brought to length 1: float32 (N, d)."""
    mean = vectors.mean(0, dtype=np.float64).astype(np.float32)
    return mean, prepared(vectors, mean, np.zeros_like(mean))


def name_matches(text: str, names: Mapping[int, str]) -> list[int]:
    """The features whose name has all the words of a text: first as whole words, then as beginnings of words.

    "python" finds "python code" before "pythonic", and does not find what only has it in the middle of a word. Function
    words do not count.
    """
    words = [word for word in re.findall(r"\w+", text.casefold()) if word not in FUNCTION_WORDS]
    if not words:
        return []
    whole, begun = [], []
    for feature, name in sorted(names.items()):
        found = re.findall(r"\w+", name.casefold())
        if set(words) <= set(found):
            whole.append(feature)
        elif all(any(other.startswith(word) for other in found) for word in words):
            begun.append(feature)
    return whole + begun
