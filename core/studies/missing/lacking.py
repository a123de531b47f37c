"""Which features of a reference a group of samples lacks, or has far less of, and how much of them it covers.

After feature activation coverage (FAC, arXiv 2602.10388): the share of the reference's active features that the data
activates too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.matrix.statistics import active_in
from core.session.groups import Group

LEAST = 3  # samples of the reference that a feature needs to be missed: one or two may be chance
FAR = 0.25  # of the share in the reference: at most so much here is far less
EXAMPLES = 5  # samples of the reference that show a feature


@dataclass(frozen=True)
class Missing:
    """n_here, n_there: samples of the data and of the reference. n_features: features that the reference has.

    covered: the share of these that the data has (FAC); covered_weight: the same, each counting as often as samples of
    the reference have it. Of the features that are missing or far rarer, M of them, the largest difference of shares
    first: feature, here, there int64: the feature, and the samples with it; weight float64: its share of all pairs of a
    sample and a feature in the reference; add int64: how many more samples here would have it at the reference's share;
    rows: M arrays int64, the samples of the reference that have it most.
    """

    n_here: int
    n_there: int
    n_features: int
    covered: float
    covered_weight: float
    feature: np.ndarray
    here: np.ndarray
    there: np.ndarray
    weight: np.ndarray
    add: np.ndarray
    rows: list[np.ndarray]


def missing(here: Group, there: Group) -> Missing:
    """What one group lacks of another's features; they may lie in two matrices of the same features."""
    h, t = active_in(here.matrix, here.rows), active_in(there.matrix, there.rows)
    n, m = max(len(here.rows), 1), max(len(there.rows), 1)
    known, total = int((t > 0).sum()), int(t.sum())
    lacked = np.flatnonzero((t >= LEAST) & (h * m <= FAR * (t * n)))
    lacked = lacked[np.lexsort((lacked, h[lacked] / n - t[lacked] / m))]
    h_lacked, t_lacked = h[lacked], t[lacked]
    return Missing(
        len(here.rows), len(there.rows), known,
        1 - int(((t > 0) & (h == 0)).sum()) / max(known, 1), 1 - int(t[h == 0].sum()) / max(total, 1),
        lacked, h_lacked, t_lacked, t_lacked / max(total, 1), -(-t_lacked * n // m) - h_lacked,
        strongest(there, lacked, EXAMPLES),
    )  # fmt: skip


def strongest(group: Group, features: np.ndarray, most: int) -> list[np.ndarray]:
    """The samples of a group that have each of `features` int64 (M,) most: M arrays int64 of at most `most`, the
    largest value first, ties to the lowest row.
    """
    matrix = group.matrix
    place, wanted = np.full(matrix.n_features, -1), np.zeros(matrix.n_samples, bool)
    place[features], wanted[group.rows] = np.arange(len(features)), True
    row = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    kept = (place[matrix.feature] >= 0) & wanted[row]
    row, value, at = row[kept], matrix.value[kept], place[matrix.feature[kept]]
    order = np.lexsort((row, -value, at))
    row, at = row[order], at[order]
    return [row[start:end][:most] for start, end in pairwise(np.searchsorted(at, np.arange(len(features) + 1)))]
