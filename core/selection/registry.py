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
from core.selection.clustering import kmeans_closest, kmeans_closest_reason, kmeans_random, kmeans_random_reason, kmq
from core.selection.inputs import SampleInfo
from core.selection.left_out import LeftOut
from core.selection.refined import hybrid, hybrid_reason, kmq_iterative, kmq_iterative_reason

# What an option holds: a score column, a feature store, a run of `refine`, vectors of the samples (residual or a .npy
# file), a column of tags, a number, or one of some words.
KINDS = ("score", "reference", "run", "vectors", "tags", "number", "choice")


@dataclass(frozen=True)
class Option:
    """One option of a method. kind: one of KINDS; choices: words that may be given, for a number too; low, high: the
    range of a number, None for no end. optional: a score column that the method does without, unlike one that it wants.
    """

    name: str
    help: str
    kind: str
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = False
    optional: bool = False

    def checked(self, method: str, value: Any) -> Any:
        """The value, converted if it is text that stands for a number; raises SelectionError."""
        if isinstance(value, str) and (value in self.choices or self.kind not in ("number", "choice")):
            return value
        number = self._number(value) if self.kind == "number" else None
        if number is None:
            raise SelectionError(self._sentence(method, value))
        return number

    def _number(self, value: Any) -> float | None:
        """The number that the value stands for, None if it is none or out of range."""
        try:
            number = int(value) if self.whole else float(value)
            whole = not self.whole or number == float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        low, high = -np.inf if self.low is None else self.low, np.inf if self.high is None else self.high
        return number if whole and low <= number <= high else None

    def _sentence(self, method: str, value: Any) -> str:
        allowed = [*self.choices]
        if self.kind == "number":
            kind = "a whole number" if self.whole else "a number"
            ends = {"≥": self.low, "≤": self.high}
            both = f" from {self.low} to {self.high}"
            one = "".join(f" {sign} {end}" for sign, end in ends.items() if end is not None)
            allowed.append(kind + (one if None in ends.values() else both))
        return f"The option {self.name} of {method} must be {' or '.join(allowed) or 'a name'}, got {value!r}."


@dataclass(frozen=True)
class Method:
    """A method in the registry.

    run: the selection; reason: of samples that it left out, one true phrase each, why (see `left_out`).
    takes: what a kept sample owes its place to, after a colon; nothing where the features that it brings say so.
    needs: what it looks at and cannot do without: features, tokens (their counts), score, vectors, run, reference.
    nested: with a budget in samples, a smaller budget's picks are the first of a larger one's; otherwise a changed
    budget needs a rerun. quick: ordering all samples is a matter of a second even for many. seeded: another seed gives
    another selection. counts: it looks at weights or multiplicity.
    """

    run: Callable[[FeatureMatrix, SelectionSpec, SampleInfo | None], Selection]
    reason: Callable[[LeftOut], list[str]]
    options: tuple[Option, ...] = ()
    needs: tuple[str, ...] = ("features",)
    nested: bool = True
    counts: bool = False
    quick: bool = True
    seeded: bool = False
    takes: str = ""

    def __call__(self, matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
        """Run it; the spec must have been checked."""
        return self.run(matrix, spec, samples)


SCORE = Option("score", "score column; default: the only one there is", "score")
QUALITY = Option("quality", "score column that multiplies the gains", "score", optional=True)
FIRST = Option("first", "which scores come first", "choice", "highest", ("highest", "lowest"))
VECTORS = Option("vectors", "residual, or a .npy file with one vector a sample", "vectors", "residual")
LIMIT = Option("limit", "largest cosine to an accepted sample", "number", 0.9, low=-1, high=1)
RUN = Option("run", "run of `refine`; default: the newest finished one", "run")
CLUSTERED = (
    Option("k", "clusters; 0: √N; or how to choose", "number", 0, ("silhouette", "elbow"), low=0, whole=True),
    Option("allocation", "places of a cluster", "choice", "proportional", ("proportional", "uniform")),
    VECTORS,
)

METHODS: dict[str, Method] = {
    "sae-greedy": Method(coverage.greedy, coverage.greedy_reason, (QUALITY,), counts=True),
    "sae-simscale": Method(
        coverage.simscale,
        coverage.simscale_reason,
        (
            Option("tau", "largest share of a sample that may be covered already", "number", 0.8, low=0, high=1),
            Option("against", "all accepted so far, or the nearest of them", "choice", "union", ("union", "nearest")),
        ),
        counts=True,
        takes="the samples with most features come first, unless they are covered already",
    ),
    "longest-response": Method(
        ranking.longest_response,
        ranking.longest_response_reason,
        needs=("tokens",),
        takes="the longest responses come first",
    ),
    "longest-prompt": Method(
        ranking.longest_prompt, ranking.longest_prompt_reason, needs=("tokens",), takes="the longest prompts come first"
    ),
    "random": Method(ranking.random, ranking.random_reason, needs=(), seeded=True, takes="drawn at random"),
    "quality": Method(
        ranking.quality, ranking.quality_reason, (SCORE, FIRST), needs=("score",), takes="taken by its score"
    ),
    "instag": Method(
        coverage.instag,
        coverage.instag_reason,
        (Option("tags", "column of the data with tags; default: active features", "tags"),),
        takes="the samples with most tags come first, if they add one",
    ),
    "repr-filter": Method(
        vectors.repr_filter,
        vectors.repr_filter_reason,
        (Option("score", "score column; default: the order of the data", "score"), FIRST, LIMIT, VECTORS),
        needs=("vectors",),
        quick=False,
        takes="taken in the order of the score, unless too near to a kept sample",
    ),
    "k-center": Method(
        vectors.k_center,
        vectors.k_center_reason,
        (VECTORS,),
        needs=("vectors",),
        quick=False,
        takes="the sample farthest from those kept before",
    ),
    "qdit": Method(
        vectors.qdit,
        vectors.qdit_reason,
        (SCORE, Option("alpha", "share of quality against coverage", "number", 0.5, low=0, high=1), VECTORS),
        needs=("score", "vectors"),
        quick=False,
        takes="quality and what it adds to the vectors' coverage together",
    ),
    "deita": Method(
        vectors.deita,
        vectors.deita_reason,
        (Option("complexity", "score column", "score"), Option("quality", "score column", "score"), LIMIT, VECTORS),
        needs=("score", "vectors"),
        quick=False,
        takes="complexity times quality, unless too near to a kept sample",
    ),
    "kmeans-random": Method(
        kmeans_random,
        kmeans_random_reason,
        CLUSTERED,
        ("vectors",),
        nested=False,
        quick=False,
        seeded=True,
        takes="drawn at random from its cluster",
    ),
    "kmeans-closest": Method(
        kmeans_closest,
        kmeans_closest_reason,
        CLUSTERED,
        ("vectors",),
        nested=False,
        quick=False,
        seeded=True,
        takes="among the nearest to the centre of its cluster",
    ),
    "kmq": Method(
        kmq,
        kmeans_random_reason,
        (SCORE, *CLUSTERED),
        ("score", "vectors"),
        nested=False,
        quick=False,
        seeded=True,
        takes="drawn from its cluster by its score",
    ),
    "kmq-iterative": Method(
        kmq_iterative,
        kmq_iterative_reason,
        (RUN,),
        needs=("run",),
        nested=False,
        quick=False,
        takes="drawn from its cluster by the run of refinement",
    ),
    "hybrid": Method(
        hybrid,
        hybrid_reason,
        (RUN, QUALITY),
        needs=("features", "run"),
        nested=False,
        counts=True,
        quick=False,
        takes="the one that adds most in its cluster",
    ),
    "reference-guided": Method(
        coverage.reference_guided,
        coverage.greedy_reason,
        (Option("reference", "feature store of examples of what the model should get good at", "reference"), QUALITY),
        needs=("features", "reference"),
        counts=True,
        takes="the one that adds most of what the reference has more of",
    ),
}
