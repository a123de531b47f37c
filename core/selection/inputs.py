"""What a method may ask for besides features: token counts, score columns, vectors, tags, references."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np

from core.errors import SelectionError, UnscoredError
from core.matrix.statistics import unit_rows
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.constraints import candidates
from core.system.shown import many

TOKEN_COUNTS = ("prompt_tokens", "response_tokens", "tokens")  # score columns that are always there


T = TypeVar("T")


class Refined(Protocol):
    """What a method asks of a run of refinement: rows int64 in the order they came, label int32 (N,): the cluster of
    each sample, weight float64 (C,): of the clusters after the last round.
    """

    @property
    def rows(self) -> np.ndarray: ...
    @property
    def label(self) -> np.ndarray: ...
    @property
    def weight(self) -> np.ndarray: ...


def at_once(key: tuple[Hashable, ...], compute: Callable[[], T]) -> T:
    """compute(): nothing is remembered."""
    return compute()


@dataclass(frozen=True)
class SampleInfo:
    """What some methods need besides features; N samples.

    prompt_tokens, response_tokens int64 (N,), of the whole samples; scores: columns float64 (N,). By name, when a
    method asks: vectors (N, d), tags as a matrix of samples × tags, reference(name, scope, lens) another data set's
    matrix over the same features, refined(name) a run of core.refine. remember(key, compute): the value of compute(),
    kept by whoever has a cache; a text in the tuple `key` may name a file. labels(by): the group of each sample, text
    (N,), by what tells samples apart, such as source. directions(lens): of the SAE's features, of length 1, float32
    (F, d), None where its files are not at hand. matrix(scope, θ, lens): another matrix of the same samples.
    target_vectors(name): of the samples of another data set, float32 (T, d) of length 1. read int64 (N,): tokens that
    the model read, the template's included; unread_response bool (N,): has response tokens, of which it read none. None
    where that is not known.
    """

    prompt_tokens: np.ndarray
    response_tokens: np.ndarray
    scores: Mapping[str, np.ndarray] = field(default_factory=dict)
    vectors: Callable[[str], np.ndarray] | None = None
    tags: Callable[[str], FeatureMatrix] | None = None
    reference: Callable[[str, str, str], FeatureMatrix] | None = None
    refined: Callable[[str], Refined] | None = None
    remember: Callable[[tuple[Hashable, ...], Callable[[], Any]], Any] = at_once
    read: np.ndarray | None = None
    unread_response: np.ndarray | None = None
    labels: Callable[[str], np.ndarray] | None = None
    directions: Callable[[str], np.ndarray | None] | None = None
    matrix: Callable[[str, float, str], FeatureMatrix] | None = None
    target_vectors: Callable[[str], np.ndarray] | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.prompt_tokens), len(self.response_tokens), *map(len, self.scores.values())}
        if len(lengths) > 1:
            raise SelectionError("The token counts and scores in SampleInfo must have one entry for each sample.")

    @cached_property
    def tokens(self) -> np.ndarray:
        """Tokens of each sample, int64 (N,)."""
        return np.asarray(self.prompt_tokens) + np.asarray(self.response_tokens)

    def costs(self, unit: str) -> np.ndarray:
        """What each sample takes of a budget, int64 (N,): 1, or its tokens (an empty sample counts as one)."""
        if unit == "samples":
            return np.ones(len(self.prompt_tokens), np.int64)
        return np.maximum(self.tokens, 1).astype(np.int64)


def costs(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """What each sample takes of the budget, int64 (N,); SelectionError without the token counts that it is in."""
    if spec.unit == "samples":
        return np.ones(matrix.n_samples, np.int64)
    return sample_info(matrix, samples, "A budget in tokens").costs(spec.unit)


def sample_info(matrix: FeatureMatrix, samples: SampleInfo | None, what: str) -> SampleInfo:
    """`samples`, or a SelectionError that says what needs them."""
    if samples is None:
        raise SelectionError(f"{what} needs the token counts of the samples: pass samples=SampleInfo(...).")
    if len(samples.prompt_tokens) != matrix.n_samples:
        raise SelectionError(
            f"SampleInfo describes {len(samples.prompt_tokens)} samples, but the matrix has {matrix.n_samples}."
        )
    return samples


def score_column(
    matrix: FeatureMatrix,
    spec: SelectionSpec,
    samples: SampleInfo | None,
    option: str = "score",
    least: float = -np.inf,
) -> np.ndarray:
    """The score column that an option names, float64 (N,); without the option, the only column there is.

    Raises SelectionError if it is missing, UnscoredError if candidates have NaN or less than `least`; other rows get 0
    for that.
    """
    known = dict(samples.scores) if samples else {}
    name = column_name(spec, known, option)
    if not name:
        raise SelectionError(f"{spec.method} needs a score column: set the option {option}; {columns(known)}.")
    if name not in known:
        raise SelectionError(f"There is no score column {name!r} for {spec.method}: {columns(known)}.")
    values = np.asarray(known[name], np.float64)
    if len(values) != matrix.n_samples:
        raise SelectionError(f"The score column {name!r} has {len(values)} values for {matrix.n_samples} samples.")
    usable = np.isfinite(values) & (values >= least)
    bad = np.flatnonzero(~usable & candidates(matrix, spec))
    if len(bad):
        wrong = f"{values[bad[0]]:g}" + (f", and {spec.method} needs ≥ {least:g}" if np.isfinite(least) else "")
        raise UnscoredError(
            f"The score column {name!r} cannot be used for {many(len(bad), 'sample')}: row {bad[0]} has {wrong}. "
            f"Ban such rows (without a value: `python -m core ban --without {name}`), or use another column.",
            bad.tolist(),
        )
    return np.where(usable, values, 0.0)


def ranked_column(
    matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None, option: str = "score"
) -> np.ndarray:
    """The place of each sample in the order of a score column, 0 for the lowest of the data to 1 for the highest, so
    that scores of any scale go together: float64 (N,). Ties share their mean place. Raises as `score_column` does.
    """
    from scipy.stats import rankdata

    values = score_column(matrix, spec, samples, option)
    known = samples.scores if samples else {}
    usable = np.isfinite(known[column_name(spec, known, option)])
    place = np.zeros(len(values))
    place[usable] = (rankdata(values[usable]) - 1) / max(int(usable.sum()) - 1, 1)
    return place


def column_name(spec: SelectionSpec, known: Mapping[str, np.ndarray], option: str) -> str:
    """The score column that an option names; without the option, the only one there is; nothing if there is none."""
    scores = [name for name in known if name not in TOKEN_COUNTS]
    return str(spec.options.get(option) or (scores[0] if len(scores) == 1 else ""))


def columns(known: Mapping[str, np.ndarray]) -> str:
    """Which score columns there are, or how to make one, as the end of a sentence."""
    return f"the columns are {', '.join(sorted(known))}" if known else "there is none: run `python -m core score`"


def unit_vectors(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """The vectors that the option `vectors` names, each of length 1 (zero vectors stay zero): float32 (N, d).

    Raises SelectionError if there are none, or they are not N finite vectors.
    """
    if samples is None or samples.vectors is None:
        raise SelectionError(f"{spec.method} needs vectors of the samples: pass samples=SampleInfo(..., vectors=...).")
    name, read = vectors_name(spec), samples.vectors
    return samples.remember(("unit vectors", name), lambda: checked_units(read(name), matrix.n_samples))


def vectors_name(spec: SelectionSpec) -> str:
    """Which vectors the option `vectors` names: residual, or a .npy file."""
    return str(spec.options.get("vectors", "residual"))


def checked_units(vectors: np.ndarray, n_samples: int) -> np.ndarray:
    """`vectors` (N, d) with rows of length 1, float32, read-only; raises SelectionError if they cannot be used."""
    shape = np.shape(vectors)
    if len(shape) != 2 or shape[0] != n_samples:
        raise SelectionError(f"The vectors must be of shape ({n_samples}, d), got {shape}.")
    finite = np.isfinite(vectors).all(1)
    if not finite.all():
        raise SelectionError(f"The vector of row {int(np.argmin(finite))} holds a value that is not finite.")
    return unit_rows(vectors)
