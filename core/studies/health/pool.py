"""What the checks look at: the texts of a store in batches, and its vectors and columns when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.matrix.shingles import kinds, ngrams, words
from core.scoring.columns import score_columns
from core.session.languages import BATCH, Told, silent
from core.store.queries import equal_turns, samples_in
from core.store.reader import FeatureStore
from core.studies.health.finding import Texts, texts_of
from core.system.ranges import Work, over_ranges

KIND = kinds()


@dataclass(frozen=True)
class Pool:
    """The samples of a store. told: is told how far a pass over them is. against: a file of test questions, or none."""

    store: FeatureStore
    told: Told = field(default=silent, compare=False)
    against: str = ""

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.store.n_samples

    def numbered(self, stage: str) -> Iterator[tuple[int, Texts]]:
        """(row, texts) of the samples, which are read BATCH at a time."""
        self.told(stage, 0, self.n)
        for start in range(0, self.n, BATCH):
            yield from texts_in(self.store, start, start + BATCH)
            self.told(stage, min(start + BATCH, self.n), self.n)

    def over(self, stage: str, work: Work, *arguments: Any) -> list[Any]:
        """work(store, *arguments, start, stop) of BATCH rows after BATCH rows, in several processes."""
        self.told(stage, 0, self.n)
        return over_ranges(work, (self.store, *arguments), self.n, BATCH, lambda done: self.told(stage, done, self.n))

    def vectors(self, scope: str = "all") -> np.ndarray:
        """Mean vectors over a scope, float32 (N, d); zeros for a sample without tokens there."""
        return self.store.embeddings(scope)

    @cached_property
    def equal(self) -> list[list[int]]:
        """The groups of samples whose turns are equal."""
        return equal_turns(self.store)

    @cached_property
    def firsts(self) -> np.ndarray:
        """Of equal samples the first, and all others: bool (N,)."""
        first = np.ones(self.n, bool)
        first[[row for same in self.equal for row in same[1:]]] = False
        return first

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """The score columns, float64 (N,) each."""
        return score_columns(self.store)


def texts_in(store: FeatureStore, start: int, stop: int) -> Iterator[tuple[int, Texts]]:
    """(row, texts) of the samples from `start` to before `stop`."""
    return ((sample.row, texts_of(sample)) for sample in samples_in(store, start, stop))


def words_in(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words of a text whatever their case: number uint64, start and stop int64, in characters of the text."""
    low = text.lower()
    if len(low) != len(text):  # some capitals have two small letters, and the places would be others
        low = "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
    return words(np.frombuffer(low.encode("utf-32-le", "surrogatepass"), np.uint32), KIND)


def grams_of(text: str, n: int) -> np.ndarray:
    """The different n-grams of a text's words, uint64, ascending."""
    return np.unique(ngrams(words_in(text)[0], n))
