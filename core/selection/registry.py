"""The registry of methods: add one by writing its function and an entry in METHODS.

A method is a function of (matrix at scope and θ, checked spec, SampleInfo or None) that returns an ordered Selection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection import coverage, ranking, vectors
from core.selection.clustering import kmeans_closest, kmeans_random, kmq
from core.selection.inputs import SampleInfo
from core.selection.refined import hybrid, kmq_iterative


@dataclass(frozen=True)
class Option:
    """One option of a method. choices: allowed words; low, high: the range of a number; neither: a name."""

    name: str
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False

    def checked(self, method: str, value: Any) -> Any:
        """The value, converted if it is text that stands for a number; raises SelectionError."""
        if isinstance(value, str) and (value in self.choices or self.low is None):
            if self.choices and value not in self.choices:
                raise SelectionError(self._sentence(method, value))
            return value
        try:
            number = int(value) if self.whole else float(value)
            usable = self.low is not None and self.low <= number <= (np.inf if self.high is None else self.high)
        except (TypeError, ValueError):
            usable = False
        if not usable or (self.whole and number != float(value)):
            raise SelectionError(self._sentence(method, value))
        return number

    def _sentence(self, method: str, value: Any) -> str:
        allowed = [*self.choices]
        if self.low is not None:
            kind = "a whole number" if self.whole else "a number"
            allowed.append(f"{kind} ≥ {self.low}" if self.high is None else f"{kind} from {self.low} to {self.high}")
        return f"The option {self.name} of {method} must be {' or '.join(allowed) or 'a name'}, got {value!r}."


@dataclass(frozen=True)
class Method:
    """A method in the registry.

    nested: with a budget in samples, a smaller budget's picks are the first of a larger one's; otherwise a changed
    budget needs a rerun. quick: ordering all samples is a matter of a second even for many. seeded: another seed gives
    another selection. counts: it looks at weights or multiplicity.
    """

    run: Callable[[FeatureMatrix, SelectionSpec, SampleInfo | None], Selection]
    options: tuple[Option, ...] = ()
    nested: bool = True
    counts: bool = False
    quick: bool = True
    seeded: bool = False

    def __call__(self, matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
        """Run it; the spec must have been checked."""
        return self.run(matrix, spec, samples)


SCORE = Option("score", "score column; default: the only one there is")
FIRST = Option("first", "which scores come first", "highest", ("highest", "lowest"))
VECTORS = Option("vectors", "residual, or a .npy file with one vector a sample", "residual")
LIMIT = Option("limit", "largest cosine to an accepted sample", 0.9, low=-1, high=1)
RUN = Option("run", "run of `refine`; default: the newest finished one")
CLUSTERED = (
    Option("k", "clusters; 0: √N; or how to choose", 0, ("silhouette", "elbow"), low=0, whole=True),
    Option("allocation", "places of a cluster", "proportional", ("proportional", "uniform")),
    VECTORS,
)

METHODS: dict[str, Method] = {
    "sae-greedy": Method(coverage.greedy, (Option("quality", "score column that multiplies the gains"),), counts=True),
    "sae-simscale": Method(
        coverage.simscale,
        (
            Option("tau", "largest share of a sample that may be covered already", 0.8, low=0, high=1),
            Option("against", "all accepted so far, or the nearest of them", "union", ("union", "nearest")),
        ),
        counts=True,
    ),
    "longest-response": Method(ranking.longest_response),
    "longest-prompt": Method(ranking.longest_prompt),
    "random": Method(ranking.random, seeded=True),
    "quality": Method(ranking.quality, (SCORE, FIRST)),
    "instag": Method(coverage.instag, (Option("tags", "column of the data with tags; default: active features"),)),
    "repr-filter": Method(
        vectors.repr_filter,
        (Option("score", "score column; default: the order of the data"), FIRST, LIMIT, VECTORS),
        quick=False,
    ),
    "k-center": Method(vectors.k_center, (VECTORS,), quick=False),
    "qdit": Method(
        vectors.qdit,
        (SCORE, Option("alpha", "share of quality against coverage", 0.5, low=0, high=1), VECTORS),
        quick=False,
    ),
    "deita": Method(
        vectors.deita,
        (Option("complexity", "score column"), Option("quality", "score column"), LIMIT, VECTORS),
        quick=False,
    ),
    "kmeans-random": Method(kmeans_random, CLUSTERED, nested=False, quick=False, seeded=True),
    "kmeans-closest": Method(kmeans_closest, CLUSTERED, nested=False, quick=False, seeded=True),
    "kmq": Method(kmq, (SCORE, *CLUSTERED), nested=False, quick=False, seeded=True),
    "kmq-iterative": Method(kmq_iterative, (RUN,), quick=False),
    "hybrid": Method(
        hybrid,
        (RUN, Option("quality", "score column that multiplies the gains")),
        nested=False,
        counts=True,
        quick=False,
    ),
    "reference-guided": Method(
        coverage.reference_guided,
        (
            Option("reference", "feature store of examples of what the model should get good at"),
            Option("quality", "score column that multiplies the gains"),
        ),
        counts=True,
    ),
}
