"""What a benchmark of selection claims: a time or a size against another, and the inputs that it is measured on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.synthetic import best_of
from core.matrix.rows import rows_of
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.run import select


@dataclass(frozen=True)
class Row:
    """One comparison. more: other / ours must be at least `target`; otherwise ours / other at most."""

    claim: int
    task: str
    ours: float
    against: str
    other: float | None
    target: float = 1
    unit: str = "s"
    more: bool = False
    note: str = ""
    valid: bool = True

    @property
    def ratio(self) -> float | None:
        """None without the other side."""
        if self.other is None:
            return None
        return self.other / self.ours if self.more else self.ours / self.other

    @property
    def met(self) -> bool | None:
        """Whether the ratio is what it should be, between results that may be compared."""
        if self.ratio is None:
            return None
        return self.valid and (self.ratio >= self.target if self.more else self.ratio <= self.target)


@dataclass(frozen=True)
class Input:
    """A matrix at its θ, and what to call it."""

    kind: str
    matrix: FeatureMatrix
    theta: float = 0.0

    @property
    def name(self) -> str:
        """Where it is from and how large it is."""
        m = self.matrix
        return f"{self.kind} {m.n_samples:,} × {m.n_features:,}, {len(m.feature) / 1e6:.3g} M"

    def run(self, budget: int, method: str = "sae-greedy") -> tuple[float, Selection]:
        """Seconds of a selection, its posting lists kept from an earlier one, and the selection."""
        return self.timed(SelectionSpec(method, budget, theta=self.theta))

    def timed(self, spec: SelectionSpec, previous: Selection | None = None) -> tuple[float, Selection]:
        """The same for any task."""
        select(self.matrix, spec)
        return best_of(lambda: select(self.matrix, spec, previous=previous))

    def anew(self, spec: SelectionSpec) -> float:
        """Seconds of a selection with the making of its posting lists, as for a matrix not seen before."""
        return best_of(lambda: select(replace(self.matrix), spec))[0]

    def head(self, n: int) -> Input:
        """The first samples only."""
        return replace(self, matrix=rows_of(self.matrix, np.arange(min(n, self.matrix.n_samples))))


def from_store(path: str) -> Input:
    """The 'all' matrix of a store at its default θ."""
    from core.session.session import open_session

    session = open_session(path)
    theta = session.default_theta()[0]
    return Input("store", session.matrix("all", theta), theta)
