"""Which samples of a group of copies others replace: one of each group stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from core.studies.health.duplicates import STAYS
from core.studies.health.finding import Finding

# What a row of such a group is of the one that stays, by the check.
COPIES = {
    "exact-duplicates": "copy",
    "near-duplicates": "near-copy",
    "similar-vectors": "look-alike",
    "same-prompt": "other answer to the prompt",
}


def left_of(
    finding: Finding, rule: str, value: np.ndarray, wanted: Sequence[int] = (), gone: Collection[int] = ()
) -> list[list[int]]:
    """The groups of a finding of which two or more rows are still there: first the row that stays, then its copies.

    rule and value float64 (N,) as `who_stays` takes them. wanted: rows that stay before all others, by precedence, and
    of which none is named as a copy. gone: rows that are not there any more.
    """
    found = []
    for group in finding.groups():
        rows = np.setdiff1d(group, np.fromiter(gone, np.int64))
        order = rows[STAYS[rule](rows, value)].tolist()
        stays = next((row for row in wanted if row in order), order[0] if order else -1)
        copies = [row for row in order if row != stays and row not in wanted]
        found += [[stays, *copies]] if copies else []
    return found
