"""The strongest peaks of every feature with what stands around them, for whoever says of what kind it is; and which
features are of a kind that means something."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from core.schema import MEANING
from core.store.contexts import RADIUS

BATCH = 512  # samples read at a time
SHOWN = 10  # peaks of a feature
PEAKS = f"""SELECT pieces, segments, features, peaks FROM samples JOIN (
    SELECT sample_id, list(feature_id) AS features, list(peak) AS peaks FROM contexts
    WHERE bin = 0 AND rank <= {SHOWN} GROUP BY sample_id) USING (sample_id)"""


@dataclass(frozen=True)
class Peak:
    """The token at which a feature is strongest in a sample, with the text of RADIUS tokens on each side.

    Tokens of other segments and of the template are line breaks there. fenced: whether an odd number of code fences
    stands before it in its segment. place: tokens of the segment before it; length: tokens of the segment.
    """

    feature: int
    before: str
    token: str
    after: str
    fenced: bool
    place: int
    length: int


def strongest_peaks(db: Any) -> Iterator[Peak]:
    """The SHOWN strongest peaks of each feature, sample by sample; `db`: the DuckDB connection of a store whose
    contexts are derived, finished or not."""
    found = db.cursor().execute(PEAKS)
    while rows := found.fetchmany(BATCH):
        for pieces, segments, features, peaks in rows:
            yield from _of_sample(json.loads(pieces), segments, features, peaks)


def _of_sample(pieces: list[str], segments: bytes, features: list[int], peaks: list[int]) -> Iterator[Peak]:
    known = {number: _Segment(pieces, segments, number) for number in {segments[at] for at in peaks}}
    for feature, at in zip(features, peaks, strict=True):
        yield known[segments[at]].peak(feature, at)


class _Segment:
    """The tokens of one segment of a sample, those of the rest as line breaks."""

    def __init__(self, pieces: list[str], segments: bytes, number: int) -> None:
        own = [each == number for each in segments]
        self.texts = [piece if mine else "\n" for piece, mine in zip(pieces, own, strict=True)]
        self.starts = [0, *accumulate(map(len, self.texts))]
        self.fences = [match.start() for match in re.finditer("```", "".join(self.texts))]
        self.places, self.length = [0, *accumulate(own)], sum(own)

    def peak(self, feature: int, at: int) -> Peak:
        before, after = "".join(self.texts[max(at - RADIUS, 0) : at]), "".join(self.texts[at + 1 : at + 1 + RADIUS])
        fenced = bisect_left(self.fences, self.starts[at]) % 2 == 1
        return Peak(feature, before, self.texts[at], after, fenced, self.places[at], self.length)


def content(db: Any, n_features: int) -> np.ndarray | None:
    """The features of a kind in MEANING, bool (F,), from the connection of a store; None where it has no kinds."""
    if not db.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'kinds'").fetchall():
        return None
    mask = np.zeros(n_features, bool)
    found = db.execute("SELECT feature_id FROM kinds WHERE kind IN (SELECT unnest(?))", [list(MEANING)])
    mask[found.fetchnumpy()["feature_id"]] = True
    return mask
