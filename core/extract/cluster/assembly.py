"""Finished parts go into the store in the order of the data, as soon as all before them are there."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pyarrow as pa

from core.extract.chunks import Chunk, push, store_chunk
from core.extract.cluster.parts import Parts
from core.store.contexts import Kept
from core.store.writer import StoreWriter


class Assembly:
    """Moves parts into a store; what it writes is what a single process would have written."""

    def __init__(self, writer: StoreWriter, parts: Parts, n_features: int) -> None:
        self.writer, self.parts = writer, parts
        self.kept = writer.kept_contexts(n_features)
        self.clock = time.time()

    def advance(self) -> int:
        """Append the parts that come next, remove their files; how many samples the store has then."""
        while self.parts.has(first := self.writer.n_done):
            chunk = self.parts.read(first)
            noted = chunk.noted | {"seconds": time.time() - self.clock}  # of this run, not of all workers together
            chunk = replace(chunk, candidates=wanted(chunk, self.kept), noted=noted)
            store_chunk(self.writer, chunk)
            push(self.kept, chunk.candidates)
            self.parts.remove(first)
            self.clock = time.time()
        return first


def wanted(chunk: Chunk, kept: Kept) -> pa.Table:
    """The candidates that a process which knows all earlier chunks would have kept."""
    (least_value, least_lot), rows = kept.thresholds(), chunk.candidates
    feature, value, lot = (np.array(rows[name]) for name in ("feature_id", "value", "lot"))
    return rows.filter(pa.array((value > least_value[feature]) | (lot > least_lot[feature])))
