"""Whether a request makes sense for a matrix; raised before any method runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.schema import LARGEST_BOOST, NOUNS, VETOES, FeatureMatrix, SelectionSpec
from core.selection.constraints import available, content_of, pins
from core.selection.inputs import SampleInfo, costs
from core.selection.registry import METHODS
from core.settings import check


def check_spec(matrix: FeatureMatrix, spec: SelectionSpec) -> None:
    """Raise SelectionError if the spec makes no sense for a matrix of this shape."""
    n = matrix.n_samples
    if n == 0:
        raise SelectionError("The matrix has no samples to select from.")
    if spec.method not in METHODS:
        raise SelectionError(f"Unknown method {spec.method!r}: it must be one of {', '.join(METHODS)}.")
    check(spec)
    if not isinstance(spec.budget, int | np.integer) or spec.budget < 1:
        have = f"{n} samples are available"
        raise SelectionError(f"The budget must be a whole number of at least 1, got {spec.budget}; {have}.")
    if spec.unit == "samples" and spec.budget > n:
        raise SelectionError(f"The budget of {spec.budget} is more than the {n} samples available.")
    if spec.weights == "content":
        content_of(matrix, spec)
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
    """Raise SelectionError for vetoes, boosts, pins or bans that name what is not there, or contradict each other."""
    for feature, mode in spec.vetoes.items():
        if mode not in VETOES:
            raise SelectionError(f"Unknown veto {mode!r} on feature {feature}: it must be one of {', '.join(VETOES)}.")
        if not 0 <= feature < matrix.n_features:
            raise SelectionError(f"The veto on {NOUNS[spec.lens]} {feature} is outside 0..{matrix.n_features - 1}.")
    for feature, factor in spec.boosts.items():
        if not 0 <= factor <= LARGEST_BOOST:
            raise SelectionError(f"The boost of {NOUNS[spec.lens]} {feature} must be 0 to 10, got {factor!r}.")
        if not 0 <= feature < matrix.n_features:
            raise SelectionError(f"The boost of {NOUNS[spec.lens]} {feature} is outside 0..{matrix.n_features - 1}.")
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
        raise SelectionError(f"Vetoes and bans leave none of the {matrix.n_samples:,} samples available.")
    if cost[first].sum() > spec.budget:
        take = "pin takes" if len(first) == 1 else "pins take"
        raise SelectionError(
            f"The {len(first)} {take} {cost[first].sum()} {spec.unit}, more than the budget of {spec.budget}."
        )
    if not len(first) and cost[allowed].min() > spec.budget:
        raise SelectionError(
            f"No sample fits in a budget of {spec.budget} tokens: the shortest available has {cost[allowed].min()}."
        )


def completed(spec: SelectionSpec, score: str, reference: str = "") -> SelectionSpec:
    """The spec with the score column and the reference filled in where the method wants one and none was named."""
    given = {"score": score, "reference": reference}
    wanted = {o.name: given.get(o.kind, "") for o in METHODS[spec.method].options if not o.optional}
    return replace(spec, options={name: value for name, value in wanted.items() if value} | dict(spec.options))
