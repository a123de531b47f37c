"""What a method needs to say why it left a sample out: the samples, what they would bring now, whose turn had come.

A reason is one true phrase. It begins with `budget`, where the sample might still come with a larger one, or says what
kept it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.matrix.statistics import active_in
from core.matrix.transpose import row_sums
from core.schema import NOUNS, FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import ignored, pins, weights
from core.selection.inputs import SampleInfo, costs


@dataclass(frozen=True)
class LeftOut:
    """Samples that a selection might have picked and did not. Picks are at least partly the method's own, not all pins.

    matrix: at the selection's scope and θ; rows int64 (M,): the samples; named int64 (N,): what to call each row.
    """

    matrix: FeatureMatrix
    selection: Selection
    samples: SampleInfo | None
    rows: np.ndarray
    named: np.ndarray

    @property
    def spec(self) -> SelectionSpec:
        """What was asked for."""
        return self.selection.spec

    @property
    def noun(self) -> str:
        """What a feature of the lens is called."""
        return NOUNS[self.spec.lens]

    @cached_property
    def cost(self) -> np.ndarray:
        """What each sample takes of the budget: int64 (N,)."""
        return costs(self.matrix, self.spec, self.samples)

    @property
    def own(self) -> np.ndarray:
        """The picks that are no pins, in order: int64."""
        return self.selection.rows[len(pins(self.spec)) :]

    def budget(self, row: int, why: str) -> str:
        """The reason where the budget is what keeps a sample out; for one in samples, `why` the picks came first."""
        if self.spec.unit == "samples":
            return f"budget: {why}"
        left = self.spec.budget - int(self.cost[self.selection.rows].sum())
        return f"budget: its {self.cost[row]:,} tokens do not fit in the {left:,} that are left"

    def reached(self, order: np.ndarray) -> np.ndarray:
        """Whether the method came to each of `rows` at all, going through `order` int64 once a round: bool (M,)."""
        place = np.full(self.matrix.n_samples, self.matrix.n_samples)
        place[order] = np.arange(len(order))
        return (self.selection.round[-1] > 1) | (place[self.rows] < place[self.own[-1]])


def weight_sums(matrix: FeatureMatrix, weight: np.ndarray) -> np.ndarray:
    """The sum of weight (F,) over the active features of each sample: float64 (N,)."""
    return row_sums(matrix.indptr, matrix.feature, weight.astype(np.float64))


def weights_of(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """The w_f that a selection's gains are counted in, its method's own or those of its spec: float64 (F,)."""
    return weights(matrix, selection.spec) if selection.weight is None else selection.weight


def credit_weights(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """The same, 0 for ignored features: float64 (F,)."""
    return np.where(ignored(matrix, selection.spec), 0.0, weights_of(matrix, selection))


def gain_now(matrix: FeatureMatrix, selection: Selection) -> np.ndarray:
    """What each sample would bring as the next pick of the current round: float64 (N,), 0 for picks."""
    current = selection.rows[selection.round == selection.round[-1:].max(initial=0)]
    open_ = active_in(matrix, current) < selection.spec.multiplicity
    gain = weight_sums(matrix, credit_weights(matrix, selection) * open_)
    gain[selection.rows] = 0
    return gain


def share_covered(matrix: FeatureMatrix, picks: np.ndarray, skip: np.ndarray) -> np.ndarray:
    """Share of each sample's active features, without those of skip bool (F,), that some of `picks` has: float64 (N,),
    1.0 if it has none.
    """
    n_active = weight_sums(matrix, ~skip)
    covered = weight_sums(matrix, (active_in(matrix, picks) > 0) & ~skip)
    return np.divide(covered, n_active, out=np.ones(matrix.n_samples), where=n_active > 0)
