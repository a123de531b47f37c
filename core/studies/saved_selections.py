"""Two selections of one store beside each other: what only one of them keeps, and what it has to do with features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import active_in
from core.schema import FeatureMatrix


@dataclass(frozen=True)
class Pair:
    """Of a first and a second selection: only_one, only_two, both int64: rows, ascending; tokens, covered: of each, in
    all its samples. lost, gained int64: features that only the first covers and that only the second does, those of
    the most samples first.
    """

    only_one: np.ndarray
    only_two: np.ndarray
    both: np.ndarray
    tokens: tuple[int, int]
    covered: tuple[int, int]
    lost: np.ndarray
    gained: np.ndarray

    @property
    def sizes(self) -> tuple[int, int]:
        """How many samples each has."""
        return len(self.only_one) + len(self.both), len(self.only_two) + len(self.both)


def pair(
    matrix: FeatureMatrix, one: Sequence[int] | np.ndarray, two: Sequence[int] | np.ndarray, tokens: np.ndarray
) -> Pair:
    """Compare two lists of distinct rows through one matrix; tokens int64 (N,): those that training pays for."""
    first, second = np.asarray(one, np.int64), np.asarray(two, np.int64)
    has = active_in(matrix, first) > 0, active_in(matrix, second) > 0
    density = matrix.density()
    lost, gained = np.flatnonzero(has[0] & ~has[1]), np.flatnonzero(has[1] & ~has[0])
    return Pair(
        np.setdiff1d(first, second),
        np.setdiff1d(second, first),
        np.intersect1d(first, second),
        (int(tokens[first].sum()), int(tokens[second].sum())),
        (int(has[0].sum()), int(has[1].sum())),
        lost[np.argsort(-density[lost], kind="stable")],
        gained[np.argsort(-density[gained], kind="stable")],
    )
