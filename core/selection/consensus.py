"""The samples that most variations of sae-greedy share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.errors import SelectionError, StoreError
from core.schema import SCOPES, FeatureMatrix, Selection, SelectionSpec
from core.selection.coverage import greedy
from core.selection.inputs import SampleInfo
from core.selection.left_out import LeftOut
from core.selection.picks import by_order

OVER = ("theta and scope", "theta", "scope")  # what is varied
THETA_FACTORS = (0.8, 1.2)


def neighbours(spec: SelectionSpec, over: str = OVER[0]) -> dict[str, SelectionSpec]:
    """The neighbours of a request by name: θ a fifth lower and higher, the other scopes."""
    found: dict[str, SelectionSpec] = {}
    if "theta" in over and spec.theta > 0:
        found |= {f"θ × {factor}": replace(spec, theta=spec.theta * factor) for factor in THETA_FACTORS}
    if "scope" in over:
        found |= {f"{spec.lens} of {scope}": replace(spec, scope=scope) for scope in SCOPES if scope != spec.scope}
    return found


def consensus(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The samples by the budget with which more than half of the variations of sae-greedy have picked them.

    That is their median place in the orders of the variations, as Fagin, Kumar and Sivakumar (SIGMOD 2003) put ranked
    lists together; the request itself is one of them, and option `over` says what varies. Ties go to the lowest row.
    Pins and bans leave the others in their order. Raises SelectionError without samples.matrix.
    """
    return by_order(matrix, spec, samples, np.argsort(entered(matrix, spec, samples), kind="stable"))


def consensus_reason(left: LeftOut) -> list[str]:
    """With which budget more than half of the variations pick it, and the last that was kept."""
    place, n = entered(left.matrix, left.spec, left.samples), left.matrix.n_samples

    def told(row: int) -> str:
        return f"only among their first {place[row]:,}" if place[row] <= n else "not at all"

    last = told(int(left.own[-1]))
    return [
        left.budget(row, f"most variations have it {told(row)}, the last sample kept {last}")
        for row in left.rows.tolist()
    ]


def entered(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """The budget with which more than half of the variations have picked each sample: int64 (N,), N + 1 for never."""
    if samples is None or samples.matrix is None:
        raise SelectionError("consensus needs other matrices of the samples: pass samples=SampleInfo(..., matrix=...).")
    over = str(spec.options.get("over", OVER[0]))
    task = replace(
        spec, method="sae-greedy", budget=matrix.n_samples, unit="samples", options={}, pins=(), bans=(), quotas=(),
        sets={}, seed=0,
    )  # fmt: skip
    return samples.remember(("consensus", (over, repr(task))), lambda: _entered(matrix, task, over, samples))


def _entered(matrix: FeatureMatrix, task: SelectionSpec, over: str, samples: SampleInfo) -> np.ndarray:
    """The same, for sae-greedy with a budget of all samples."""
    orders = [greedy(matrix, task, samples).rows]
    for other in neighbours(task, over).values():
        try:
            varied = samples.matrix(other.scope, other.theta, other.lens)  # type: ignore[misc]  # `entered` has looked
        except StoreError:  # a scope that the store does not have
            continue
        orders.append(greedy(varied, other, samples).rows)
    place = np.full((len(orders), matrix.n_samples), matrix.n_samples + 1)
    for own, rows in zip(place, orders, strict=True):
        own[rows] = np.arange(1, len(rows) + 1)
    return np.sort(place, axis=0)[len(orders) // 2]
