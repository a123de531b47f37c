"""Where in its segment each token of a store lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.schema import SEGMENTS
from core.store.reader import FeatureStore


@dataclass(frozen=True)
class Places:
    """Of all T tokens of N samples, template included: where they are in their segment.

    start int64 (N+1,): the first token of each sample. place int32 (T,): tokens of the same sample and segment before
    this one, -1 for tokens of no segment. length int32 (T,): tokens of its segment, 0 for those of none.
    """

    start: np.ndarray
    place: np.ndarray
    length: np.ndarray

    def of(self, sample: np.ndarray, token: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place and length of segment, int32 each, of tokens given by sample and by index within the sample."""
        at = self.start[sample] + token
        return self.place[at], self.length[at]


def token_places(store: FeatureStore) -> Places:
    """The places of all tokens of a store; a segment may be interrupted, as the answers of several turns are."""
    blobs = [row[0] for row in store.rows("SELECT segments FROM samples ORDER BY sample_id")]
    sizes = np.array([len(blob) for blob in blobs], np.int64)
    return places(np.frombuffer(b"".join(blobs), np.int8), np.concatenate([[0], np.cumsum(sizes)]))


def places(segment: np.ndarray, start: np.ndarray) -> Places:
    """The places of tokens of segments int8 (T,), -1 for none, of samples that begin at start int64 (N+1,)."""
    place, length = np.full(len(segment), -1, np.int32), np.zeros(len(segment), np.int32)
    sizes = np.diff(start)
    for number in range(len(SEGMENTS)):
        own = segment == number
        before = np.concatenate([[0], np.cumsum(own, dtype=np.int32)])
        total = np.diff(before[start])
        place[own] = (before[:-1] - np.repeat(before[start[:-1]], sizes))[own]
        length[own] = np.repeat(total, sizes)[own]
    return Places(start, place, length)
