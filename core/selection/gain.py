"""sae-gain: coverage with diminishing returns, after MIG (arXiv 2504.13835).

F(S) = Σ_f w_f · φ(Σ_{i∈S} q_i (P a_i)_f): a feature that the picks have much of still counts, but less and less. φ is
concave with φ(0) = 0, so F is monotone and submodular, and greedy has at least 1 − 1/e of the best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import SelectionError
from core.matrix.clipped import clip, high_values
from core.matrix.concave import SHAPES, all_added, concave_greedy, objective, totals
from core.matrix.largest import k_largest
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, ignored, pins, weights
from core.selection.inputs import SampleInfo, at_once, costs, ranked_column
from core.selection.left_out import LeftOut
from core.selection.picks import finish

NEIGHBOURS = 4  # directions that a feature passes its value on to
HIGH = 0.99  # the quantile of a feature's values that counts as 1, larger ones too
BLOCK = 1024  # directions compared at once


@dataclass(frozen=True)
class Gain:
    """F as a function of rows. matrix: q_i (P a_i); weight float64 (F,); shape: one of SHAPES, and its number."""

    matrix: FeatureMatrix
    weight: np.ndarray
    shape: str
    number: float

    def value(self, rows: np.ndarray) -> float:
        """F of a set of rows int64."""
        return objective(self.weight, self._total(rows), *self._phi())

    def added(self, rows: np.ndarray) -> np.ndarray:
        """What each sample would add to a set of rows int64: float64 (N,), those of the set too."""
        m = self.matrix
        return all_added(m.indptr, m.feature, m.value, self.weight, self._total(rows), *self._phi())

    def greedy(
        self, allowed: np.ndarray, first: np.ndarray, cost: np.ndarray, budget: int, per_cost: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `concave_greedy`."""
        m = self.matrix
        return concave_greedy(
            m.indptr, m.feature, m.value, self.weight, *self._phi(), allowed, first, cost, budget, per_cost
        )

    def _phi(self) -> tuple[int, float]:
        return SHAPES.index(self.shape), self.number

    def _total(self, rows: np.ndarray) -> np.ndarray:
        return totals(self.matrix.indptr, self.matrix.feature, self.matrix.value, rows, len(self.weight))


def sae_gain(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Coverage with diminishing returns (MIG, arXiv 2504.13835): always the sample that adds most, ties to the lowest
    row, in one order without rounds. For tokens the better of gain per token and plain gain.

    Options: returns, one of SHAPES, with exponent or cap; values: binary, or clipped at the 99th percentile of the
    feature; spread: the share of its value that a feature passes on to the nearest directions of the decoder; quality:
    a score column, by rank. Raises SelectionError where the column or the decoder is missing.
    """
    gain, cost, first = gain_of(matrix, spec, samples), costs(matrix, spec, samples), pins(spec)
    found = [
        gain.greedy(candidates(matrix, spec), first, cost, spec.budget, per_cost)
        for per_cost in ((True, False) if spec.unit == "tokens" else (False,))
    ]
    rows, _ = max(found, key=lambda picks: picks[1].sum())
    return finish(matrix, spec, rows, np.ones(len(rows), np.int32), details={"objective": gain})


def gain_of(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> Gain:
    """The F that a request asks for."""
    options = spec.options
    value = clipped(matrix) if options.get("values", "clipped") == "clipped" else np.ones_like(matrix.value)
    if options.get("quality"):
        value = value * np.repeat(ranked_column(matrix, spec, samples, "quality"), matrix.counts)
    used = FeatureMatrix(matrix.indptr, matrix.feature, value, matrix.n_features)
    if spread := float(options.get("spread", 0)):
        near, own = neighbours_of(matrix, spec, samples), (spec.lens, spec.scope, spec.theta)
        of = (*own, options.get("values"), options.get("quality"), spread)
        remember = samples.remember if samples else at_once
        used = remember(("passed on", of), lambda: passed_on(used, near, spread))
    shape = str(options.get("returns", "power"))
    number = float(options.get("cap", 1) if shape == "cap" else options.get("exponent", 0.5))
    return Gain(used, np.where(ignored(matrix, spec), 0.0, weights(matrix, spec)), shape, number)


def sae_gain_reason(left: LeftOut) -> list[str]:
    """What it would add, and what the last pick did."""
    gain, own = left.selection.details["objective"], left.selection.rows
    adds, last = gain.added(own), gain.value(own) - gain.value(own[:-1])
    return [
        left.budget(row, f"it would add {adds[row]:.4g}, and the last sample kept added {last:.4g}")
        if adds[row] > 0
        else left.budget(row, f"it has no active {left.noun} that adds anything")
        for row in left.rows.tolist()
    ]


def clipped(matrix: FeatureMatrix) -> np.ndarray:
    """Values over the HIGH quantile of their feature, at most 1: float32 (nnz,). Computed once for a matrix."""
    kept = matrix.kept.get("clipped")
    if kept is None:
        high = high_values(matrix.feature, matrix.value, matrix.n_features, HIGH)
        kept = matrix.kept["clipped"] = np.empty_like(matrix.value)
        clip(matrix.feature, matrix.value, high, kept)
    return kept


def passed_on(matrix: FeatureMatrix, near: FeatureMatrix, spread: float) -> FeatureMatrix:
    """The matrix a with P a in place of each row: every feature passes `spread` times the cosine of its value on to
    its neighbours, which `near` (F, F) holds with their cosines.
    """
    from scipy.sparse import csr_array, eye_array

    a = csr_array((matrix.value, matrix.feature, matrix.indptr), (matrix.n_samples, matrix.n_features))
    p = csr_array((near.value * np.float32(spread), near.feature, near.indptr), (matrix.n_features,) * 2)
    return FeatureMatrix.from_scipy(a @ (p + eye_array(matrix.n_features, dtype=np.float32, format="csr")))


def neighbours_of(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> FeatureMatrix:
    """The neighbours of the features of a lens, remembered if `samples` can; SelectionError without a decoder."""
    units = samples.directions(spec.lens) if samples and samples.directions else None
    if samples is None or units is None or len(units) != matrix.n_features:
        raise SelectionError("The option spread of sae-gain needs the SAE's directions, and its files are not here.")
    return samples.remember(("neighbours", spec.lens), lambda: neighbours(units))


def neighbours(units: np.ndarray) -> FeatureMatrix:
    """Of each direction, float32 (F, d) of length 1, the NEIGHBOURS others of largest positive cosine: (F, F)."""
    parts = []
    for start in range(0, len(units), BLOCK):
        cosine = units[start : start + BLOCK] @ units.T
        cosine[np.arange(len(cosine)), start + np.arange(len(cosine))] = 0
        parts.append(k_largest(cosine, NEIGHBOURS))
    counts, columns, values = (np.concatenate(found) for found in zip(*parts, strict=True))
    return FeatureMatrix(np.concatenate([[0], np.cumsum(counts)]), columns, values, len(units))
