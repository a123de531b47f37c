"""The words of prompts and answers as numbers, each with a weight: the rarer in the data, the more it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.store.reader import FeatureStore
from core.studies.health.pool import grams_of, texts_in

READ, HEAD = 3000, 300  # characters that are read of a text, and of the beginning of an answer
Words = tuple[np.ndarray, np.ndarray]  # indptr and word of texts in CSR form
Counted = list[tuple[np.ndarray, np.ndarray]]  # of prompts, answers, beginnings: words of each sample, and the words


@dataclass(frozen=True)
class Bags:
    """The different words of N texts in CSR form: indptr int64 (N + 1,), word uint64 and weight float32 (W,).

    total, length float32 (N,): the sum of a text's weights, and the root of that of their squares.
    """

    indptr: np.ndarray
    word: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    length: np.ndarray

    @property
    def words(self) -> Words:
        """As `overlaps` takes the texts that are looked in."""
        return self.indptr, self.word

    @property
    def weighed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `overlaps` takes the texts whose words are looked for."""
        return self.indptr, self.word, self.weight


def bags_in(store: FeatureStore, wanted: np.ndarray, start: int, stop: int) -> Counted:
    """The words of the wanted samples, bool (N,), from `start` to before `stop`."""
    texts = [texts for row, texts in texts_in(store, start, stop) if wanted[row]]
    return [
        counted([one.prompt[:READ] for one in texts]),
        counted([one.response[:READ] for one in texts]),
        counted([one.response[:HEAD] for one in texts]),
    ]


def counted(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """How many different words each text has, int64 (n,), and which, uint64, ascending in each."""
    words = [grams_of(text, 1) for text in texts]
    return np.array([len(own) for own in words], np.int64), np.concatenate([*words, np.zeros(0, np.uint64)])


def weighed(parts: Sequence[Counted]) -> tuple[Bags, Bags, Words]:
    """Bags of prompts and of answers, and the words of the answers' beginnings, out of those of ranges.

    A word weighs the logarithm of how rare it is among the texts.
    """
    size, word = ([np.concatenate([part[kind][i] for part in parts]) for kind in range(3)] for i in (0, 1))
    known, count = np.unique(np.concatenate(word[:2]), return_counts=True)
    weight = np.log((2 * len(size[0]) + 1) / (count + 1)).astype(np.float32)
    ends = [np.concatenate([[0], np.cumsum(one)]) for one in size]
    prompt, answer = (bag(ends[kind], word[kind], weight[np.searchsorted(known, word[kind])]) for kind in (0, 1))
    return prompt, answer, (ends[2], word[2])


def bag(indptr: np.ndarray, word: np.ndarray, weight: np.ndarray) -> Bags:
    """Bags with their sums."""
    of = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    total, squares = (np.bincount(of, value, len(indptr) - 1) for value in (weight, weight**2))
    return Bags(indptr, word, weight, total.astype(np.float32), np.sqrt(squares).astype(np.float32))
