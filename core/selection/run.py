"""Which samples to keep: `select` checks a request and runs its method."""

from __future__ import annotations

from core.matrix.threshold import at_theta
from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection import coverage
from core.selection.bounds import bounds_of
from core.selection.checks import check_pins, check_spec
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.within import select_within


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
    if spec.quotas:
        return select_within(matrix, spec, samples, bounds_of(matrix, spec, samples))
    if previous is not None and spec.method == "sae-greedy":
        return coverage.resume(previous, matrix, spec, samples)
    return METHODS[spec.method](matrix, spec, samples)


def is_nested(spec: SelectionSpec) -> bool:
    """Whether a smaller budget is a prefix of this selection; if not, a changed budget needs a rerun."""
    return METHODS[spec.method].nested and spec.unit == "samples" and not spec.quotas
