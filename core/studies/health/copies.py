"""Which samples of a group of copies others replace: one of each group stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from core.studies.health.duplicates import STAYS
from core.studies.health.finding import Finding, places_of

GONE = -1  # the group of rows that are not there any more
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
    rank = {row: place for place, row in enumerate(reversed(wanted))}
    there = ~np.isin(finding.rows, np.fromiter(gone, np.int64))
    found = []
    for places in places_of(np.where(there, finding.group, GONE)):
        rows = finding.rows[places]
        if len(rows) < 2 or not there[places[0]]:
            continue
        order = rows[STAYS[rule](rows, value)].tolist()
        stays = max(order, key=lambda row: rank.get(row, -1))  # the first of equals
        copies = [row for row in order if row != stays and row not in rank]
        found += [[stays, *copies]] if copies else []
    return found
