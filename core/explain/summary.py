"""What a selection covers of all features, in the figures that a page shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import active_in
from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection
from core.selection.constraints import ignored


@dataclass(frozen=True)
class CoverageSummary:
    """Which features a selection covers; F features, N samples.

    samples, picks int64 (F,): in how many samples and in how many picks each is active. Masks bool (F,): covered: in a
    pick, and can earn credit; vetoed: active, vetoed, and not covered; missed: active, can earn credit, and neither; a
    feature is in at most one of them. coverable: the active features that can earn credit, as in Session.coverable.
    """

    samples: np.ndarray
    picks: np.ndarray
    covered: np.ndarray
    missed: np.ndarray
    vetoed: np.ndarray
    coverable: int

    @property
    def share(self) -> float:
        """Covered features as a share of the coverable ones; 0 if there are none."""
        return float(self.covered.sum() / max(self.coverable, 1))

    @property
    def once(self) -> np.ndarray:
        """The covered features that hang on one pick: bool (F,)."""
        return self.covered & (self.picks == 1)

    @property
    def inactive(self) -> np.ndarray:
        """The features that no sample activates: bool (F,)."""
        return self.samples == 0

    @property
    def samples_of_missed(self) -> float:
        """The median number of samples with a missed feature; 0 if none is missed."""
        return float(np.median(self.samples[self.missed])) if self.missed.any() else 0.0


def coverage_summary(matrix: FeatureMatrix, selection: Selection) -> CoverageSummary:
    """What a selection covers of the features of `matrix`, which is that of its scope; entries ≤ its θ are dropped."""
    matrix = at_theta(matrix, selection.spec.theta)
    samples = np.bincount(matrix.feature, minlength=matrix.n_features)
    picks = active_in(matrix, selection.rows)
    creditable = (samples > 0) & ~ignored(matrix, selection.spec)
    covered, vetoed = creditable & (picks > 0), np.zeros(matrix.n_features, bool)
    vetoed[list(selection.spec.vetoes)] = True
    vetoed &= (samples > 0) & ~covered
    missed = creditable & ~covered & ~vetoed
    return CoverageSummary(samples, picks, covered, missed, vetoed, int(creditable.sum()))
