"""Where in its segment each token of a store lies."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.schema import SEGMENTS
from core.store.reader import FeatureStore

MOST = 65_536  # samples whose tokens are looked at


@dataclass(frozen=True)
class Places:
    """Of all T tokens of N samples, template included: where they are in their segment.

    start int64 (N+1,): the first token of each sample. place int32 (T,): tokens of the same sample and segment before
    this one, -1 for tokens of no segment. length int32 (T,): tokens of its segment, 0 for those of none. every: only
    rows that it divides were looked at; the others have no tokens here.
    """

    start: np.ndarray
    place: np.ndarray
    length: np.ndarray
    every: int = 1

    def of(self, sample: np.ndarray, token: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place and length of segment, int32 each, of tokens given by sample and by index within the sample."""
        at = self.start[sample] + token
        return self.place[at], self.length[at]


def token_places(store: FeatureStore, most: int = MOST) -> Places:
    """The places of all tokens of a store; a segment may be interrupted, as the answers of several turns are. Of more
    than `most` samples those of evenly spaced rows, `most` at the most: a million have gigabytes of them."""
    every = max(1, -(-store.n_samples // most))
    query = "SELECT segments FROM samples WHERE sample_id % ? = 0 ORDER BY sample_id"
    blobs = [row[0] for row in store.rows(query, [every])]
    sizes = np.zeros(store.n_samples, np.int64)
    sizes[::every] = [len(blob) for blob in blobs]
    found = places(np.frombuffer(b"".join(blobs), np.int8), np.concatenate([[0], np.cumsum(sizes)]))
    return replace(found, every=every)


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
