"""Which samples to keep: the registry of methods, and `select`, which checks a request and runs its method.

A method is a function of (matrix at scope and θ, checked spec, SampleInfo or None) that returns an ordered Selection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import clustering, coverage, ranking, vectors
from core.constraints import SampleInfo, available, costs, pins
from core.errors import SelectionError
from core.matrix.threshold import at_theta
from core.schema import SCOPES, UNITS, VETOES, WEIGHTS, FeatureMatrix, Selection, SelectionSpec


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
    "kmeans-random": Method(clustering.kmeans_random, CLUSTERED, nested=False, quick=False, seeded=True),
    "kmeans-closest": Method(clustering.kmeans_closest, CLUSTERED, nested=False, quick=False, seeded=True),
    "kmq": Method(clustering.kmq, (SCORE, *CLUSTERED), nested=False, quick=False, seeded=True),
    "kmq-iterative": Method(clustering.kmq_iterative, (RUN,), quick=False),
    "hybrid": Method(
        clustering.hybrid,
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


def select(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None, previous: Selection | None = None
) -> Selection:
    """Choose samples as `spec` says, in order of choice; fewer than the budget if no more are available.

    `matrix` is already at spec.scope; entries ≤ spec.theta are dropped here. `previous`: an earlier selection from the
    same matrix; greedy goes on from where a new veto or ban changes it. Raises SelectionError, one sentence each.
    """
    check_spec(matrix, spec)
    matrix = at_theta(matrix, spec.theta)
    check_pins(matrix, spec, samples)
    if previous is not None and spec.method == "sae-greedy":
        return coverage.resume(previous, matrix, spec, samples)
    return METHODS[spec.method](matrix, spec, samples)


def is_nested(spec: SelectionSpec) -> bool:
    """Whether a smaller budget is a prefix of this selection; if not, a changed budget needs a rerun."""
    return METHODS[spec.method].nested and spec.unit == "samples"


# --- checks


def check_spec(matrix: FeatureMatrix, spec: SelectionSpec) -> None:
    """Raise SelectionError if the spec makes no sense for a matrix of this shape."""
    n = matrix.n_samples
    if n == 0:
        raise SelectionError("The matrix has no samples to select from.")
    for name, known in (("method", METHODS), ("unit", UNITS), ("scope", SCOPES), ("weights", WEIGHTS)):
        if getattr(spec, name) not in known:
            raise SelectionError(f"Unknown {name} {getattr(spec, name)!r}: it must be one of {', '.join(known)}.")
    for name in ("budget", "multiplicity"):
        if not isinstance(getattr(spec, name), int | np.integer) or getattr(spec, name) < 1:
            known = f"; {n} samples are available" if name == "budget" else ""
            raise SelectionError(f"The {name} must be a whole number of at least 1, got {getattr(spec, name)}{known}.")
    if spec.unit == "samples" and spec.budget > n:
        raise SelectionError(f"The budget of {spec.budget} is more than the {n} samples available.")
    if not (np.isfinite(spec.theta) and spec.theta >= 0):
        raise SelectionError(f"theta must be a number ≥ 0, got {spec.theta}.")
    check_options(spec)
    check_decisions(matrix, spec)


def check_options(spec: SelectionSpec) -> None:
    """Raise SelectionError for an option that the method does not have, or a value that it cannot use."""
    known = {option.name: option for option in METHODS[spec.method].options}
    for name, value in spec.options.items():
        if name not in known:
            have = f"its options are {', '.join(known)}" if known else "it has none"
            raise SelectionError(f"{spec.method} has no option {name!r}: {have}.")
        known[name].checked(spec.method, value)


def parsed_options(method: str, given: dict[str, Any]) -> dict[str, Any]:
    """Options as a person typed them, numbers as numbers; raises SelectionError."""
    check_options(SelectionSpec(method, options=given))
    known = {option.name: option for option in METHODS[method].options}
    return {name: known[name].checked(method, value) for name, value in given.items()}


def check_decisions(matrix: FeatureMatrix, spec: SelectionSpec) -> None:
    """Raise SelectionError for vetoes, pins or bans that name what is not there, or contradict each other."""
    for feature, mode in spec.vetoes.items():
        if mode not in VETOES:
            raise SelectionError(f"Unknown veto {mode!r} on feature {feature}: it must be one of {', '.join(VETOES)}.")
        if not 0 <= feature < matrix.n_features:
            raise SelectionError(f"The veto on feature {feature} is outside 0..{matrix.n_features - 1}.")
    for kind, rows in (("pin", spec.pins), ("ban", spec.bans)):
        for row in rows:
            if not 0 <= row < matrix.n_samples:
                raise SelectionError(f"The {kind} on row {row} is outside 0..{matrix.n_samples - 1}.")
    if both := set(spec.pins) & set(spec.bans):
        raise SelectionError(f"Row {min(both)} is both pinned and banned.")


def check_pins(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> None:
    """Raise SelectionError if, at this θ, the pins or the vetoes leave nothing that could be selected."""
    allowed, first, cost = available(matrix, spec), pins(spec), costs(matrix, spec, samples)
    if not allowed.all() and len(first) and not allowed[first].all():
        raise SelectionError(f"Row {first[~allowed[first]][0]} is both pinned and blocked by a vetoed feature.")
    if not allowed.any():
        raise SelectionError(f"Vetoes and bans leave none of the {matrix.n_samples} samples available.")
    if cost[first].sum() > spec.budget:
        raise SelectionError(
            f"The {len(first)} pins take {cost[first].sum()} {spec.unit}, more than the budget of {spec.budget}."
        )
    if not len(first) and cost[allowed].min() > spec.budget:
        raise SelectionError(
            f"No sample fits in a budget of {spec.budget} tokens: the shortest available has {cost[allowed].min()}."
        )
