"""Which samples to keep: the registry of methods, and `select`, which checks a request and runs its method.

A method takes (matrix at scope and θ, checked spec, SampleInfo or None) and returns an ordered Selection.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from core import kernels
from core.schema import SCOPES, FeatureMatrix, Selection, SelectionError, SelectionSpec

UNITS = ("samples", "tokens")
WEIGHTS = ("uniform", "idf", "mass")
VETOES = ("ignore", "block")


@dataclass(frozen=True)
class SampleInfo:
    """What some methods need besides features: token counts int64 (N,), score columns float64 (N,)."""

    prompt_tokens: np.ndarray
    response_tokens: np.ndarray
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(self.prompt_tokens), len(self.response_tokens), *map(len, self.scores.values())}
        if len(lengths) > 1:
            raise SelectionError("The token counts and scores in SampleInfo must have one entry for each sample.")


Method = Callable[[FeatureMatrix, SelectionSpec, SampleInfo | None], Selection]


def select(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """Choose samples as `spec` says, in order of choice; fewer than the budget if no more are available.

    `matrix` is already at spec.scope; entries ≤ spec.theta are dropped here. Raises SelectionError, one sentence each.
    """
    check_spec(matrix, spec, samples)
    matrix = at_theta(matrix, spec.theta)
    check_pins(matrix, spec, samples)
    return METHODS[spec.method](matrix, spec, samples)


def at_theta(matrix: FeatureMatrix, theta: float) -> FeatureMatrix:
    """`matrix.at(theta)`, or the same object if that would change nothing, so that what is kept for it stays valid."""
    return matrix if theta <= 0 or matrix.value.min(initial=np.inf) > theta else matrix.at(theta)


# --- what every method honours


def available(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """Samples that may be chosen, neither banned nor blocked by a vetoed feature: bool (N,)."""
    allowed = np.ones(matrix.n_samples, bool)
    blocking = [f for f, mode in spec.vetoes.items() if mode == "block"]
    if blocking:
        weight = np.zeros(matrix.n_features)
        weight[blocking] = 1
        allowed = kernels.row_sums(matrix.indptr, matrix.feature, weight) == 0
    allowed[list(spec.bans)] = False
    return allowed


def pins(spec: SelectionSpec) -> np.ndarray:
    """The pinned rows in their order, each once: int64."""
    return np.array(list(dict.fromkeys(spec.pins)), dtype=np.int64)


def costs(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """What each sample takes of the budget, int64 (N,): 1, or its tokens (an empty sample counts as one token)."""
    if spec.unit == "samples":
        return np.ones(matrix.n_samples, np.int64)
    info = sample_info(matrix, samples, "A budget in tokens")
    return np.maximum(np.asarray(info.prompt_tokens) + np.asarray(info.response_tokens), 1).astype(np.int64)


def sample_info(matrix: FeatureMatrix, samples: SampleInfo | None, what: str) -> SampleInfo:
    """`samples`, or a SelectionError that says what needs them."""
    if samples is None:
        raise SelectionError(f"{what} needs the token counts of the samples: pass samples=SampleInfo(...).")
    if len(samples.prompt_tokens) != matrix.n_samples:
        raise SelectionError(
            f"SampleInfo describes {len(samples.prompt_tokens)} samples, but the matrix has {matrix.n_samples}."
        )
    return samples


def finish(matrix: FeatureMatrix, spec: SelectionSpec, rows: np.ndarray, rounds: np.ndarray) -> Selection:
    """The Selection of these picks, with the gain of each within its round and the features covered after it."""
    gains, covered, _ = kernels.walk_covered(
        matrix.indptr, matrix.feature, rows, rounds, weights(matrix, spec), ignored(matrix, spec), spec.multiplicity
    )
    return Selection(spec, rows, gains, rounds, covered)


def by_order(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, order: np.ndarray) -> Selection:
    """The pins, then the available samples of `order` int64 (N,) as far as the budget goes, in one round."""
    cost, allowed, first = costs(matrix, spec, samples), available(matrix, spec), pins(spec)
    allowed[first] = False
    rows = np.empty(matrix.n_samples, np.int64)
    rows[: len(first)] = first
    n = kernels.fill(order[allowed[order]], cost, spec.budget - cost[first].sum(), rows, len(first))
    return finish(matrix, spec, rows[:n], np.ones(n, np.int32))


def weights(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """w_f, float64 (F,): 1 (uniform), log(N / samples that have the feature) (idf), or the sum of its values (mass)."""
    if spec.weights == "uniform":
        return np.ones(matrix.n_features)
    if spec.weights == "mass":
        return np.bincount(matrix.feature, matrix.value, minlength=matrix.n_features)
    return np.log(matrix.n_samples / np.maximum(np.bincount(matrix.feature, minlength=matrix.n_features), 1))


def ignored(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """The features without credit: bool (F,)."""
    mask = np.zeros(matrix.n_features, bool)
    mask[[f for f, mode in spec.vetoes.items() if mode == "ignore"]] = True
    return mask


# --- methods

_latest: tuple[weakref.ref, tuple[np.ndarray, np.ndarray]] | None = None


def postings(matrix: FeatureMatrix) -> tuple[np.ndarray, np.ndarray]:
    """The transpose of `matrix`; that of the latest matrix is kept while it lives, for the next budget or veto."""
    global _latest
    latest = _latest  # one read: another thread may replace it
    if latest is None or latest[0]() is not matrix:
        lists = kernels.transpose(matrix.indptr, matrix.feature, matrix.n_features)
        latest = _latest = (weakref.ref(matrix, _forget), lists)
    return latest[1]


def _forget(gone: weakref.ref) -> None:
    global _latest
    if _latest is not None and _latest[0] is gone:
        _latest = None


def greedy(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """SAE-GreedSelect (arXiv 2502.14050): always the sample with the largest marginal gain, ties to the lowest row.

    When no sample gains, a new round starts with nothing covered. With a budget in samples the picks are nested.
    """
    if spec.unit == "tokens":
        return _greedy_tokens(matrix, spec, samples)
    budget, allowed = min(spec.budget, matrix.n_samples), available(matrix, spec)
    if spec.weights == "uniform":
        rows, rounds = kernels.greedy_buckets(
            matrix.indptr, matrix.feature, *postings(matrix), ignored(matrix, spec), allowed, pins(spec), budget,
            spec.multiplicity,
        )  # fmt: skip
        return finish(matrix, spec, rows, rounds)
    return _greedy_heap(matrix, spec, costs(matrix, spec, samples), False)


def _greedy_heap(matrix: FeatureMatrix, spec: SelectionSpec, cost: np.ndarray, per_cost: bool) -> Selection:
    weight = np.where(ignored(matrix, spec), 0.0, weights(matrix, spec))
    rows, rounds = kernels.greedy_heap(
        matrix.indptr, matrix.feature, weight, available(matrix, spec), pins(spec), cost, spec.budget,
        spec.multiplicity, per_cost,
    )  # fmt: skip
    return finish(matrix, spec, rows, rounds)


def _greedy_tokens(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> Selection:
    """The better of gain per token and plain gain, by the weight that the whole selection covers, rounds aside."""
    cost = costs(matrix, spec, samples)
    both = [_greedy_heap(matrix, spec, cost, per_cost) for per_cost in (True, False)]
    return max(both, key=lambda s: finish(matrix, spec, s.rows, np.ones_like(s.round)).gains.sum())


def simscale(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """SAE-SimScale (arXiv 2502.14050): by number of active features, while at most the share tau is covered already.

    Option tau in [0, 1], default 0.8. Going round again with nothing covered until the budget is filled.
    """
    tau = spec.options.get("tau", 0.8)
    if not 0 <= tau <= 1:
        raise SelectionError(f"The option tau of sae-simscale must be between 0 and 1, got {tau}.")
    skip, allowed, first = ignored(matrix, spec), available(matrix, spec), pins(spec)
    allowed[first] = False
    order = np.argsort(-kernels.row_sums(matrix.indptr, matrix.feature, (~skip).astype(np.float64)), kind="stable")
    rows, rounds = kernels.similarity_rounds(
        matrix.indptr, matrix.feature, skip, order[allowed[order]], first, costs(matrix, spec, samples), spec.budget,
        spec.multiplicity, float(tau),
    )  # fmt: skip
    return finish(matrix, spec, rows, rounds)


def random(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """A random order by spec.seed. All samples are shuffled, so a veto or ban leaves the others in their order."""
    return by_order(matrix, spec, samples, np.random.default_rng(spec.seed).permutation(matrix.n_samples))


def longest_response(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most response tokens first."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-response").response_tokens)
    return by_order(matrix, spec, samples, np.argsort(-tokens, kind="stable"))


def longest_prompt(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most prompt tokens first."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-prompt").prompt_tokens)
    return by_order(matrix, spec, samples, np.argsort(-tokens, kind="stable"))


METHODS: dict[str, Method] = {
    "sae-greedy": greedy,
    "sae-simscale": simscale,
    "longest-response": longest_response,
    "longest-prompt": longest_prompt,
    "random": random,
}

# --- checks


def check_spec(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> None:
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
    for feature, mode in spec.vetoes.items():
        if mode not in VETOES:
            raise SelectionError(f"Unknown veto {mode!r} on feature {feature}: it must be one of {', '.join(VETOES)}.")
        if not 0 <= feature < matrix.n_features:
            raise SelectionError(f"The veto on feature {feature} is outside 0..{matrix.n_features - 1}.")
    for kind, rows in (("pin", spec.pins), ("ban", spec.bans)):
        for row in rows:
            if not 0 <= row < n:
                raise SelectionError(f"The {kind} on row {row} is outside 0..{n - 1}.")
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
