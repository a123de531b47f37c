"""One process of a pool: it holds the model and the SAE, and makes parts of the chunks that it is given."""

from __future__ import annotations

import pickle
import time
from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import ModelError
from core.extract.chunks import Chunk, chunk_of, push
from core.extract.cluster.parts import Parts
from core.extract.pipeline import load
from core.extract.run import run_batches
from core.lm.chat import tokenize
from core.schema import ExtractConfig, Sample
from core.store.contexts import DRAWN, STRONGEST, Kept


class Worker:
    """Called with rows of `blocks`, it writes their parts.

    Raises ModelError if this machine has another model, SAE or encoder than the driver, whose digests are given.
    """

    def __init__(self, config: ExtractConfig, digests: dict[str, str], parts: Parts) -> None:
        self.pipeline, self.parts = load(config), parts
        for part, digest in self.pipeline.digests.items():
            if digests.get(part) != digest:
                raise ModelError(f"A machine of the cluster has another {part} than the one that started: copy it.")
        n = self.pipeline.n_features
        self.kept = Kept(np.full((n, STRONGEST), -1, np.float32), np.full((n, DRAWN), -1, np.float32))
        self.made: set[int] = set()  # an answer that is lost is asked for again, and no context may count twice

    def __call__(self, rows: pa.Table) -> None:
        """Make the part of each row that has none yet."""
        for first, samples in zip(rows["first"].to_pylist(), rows["samples"].to_pylist(), strict=True):
            if first not in self.made and not self.parts.has(first):
                chunk = self.chunk(first, pickle.loads(samples))
                self.parts.write(first, chunk)
                self.made.add(first)
                push(self.kept, chunk.candidates)

    def chunk(self, first: int, samples: list[Sample]) -> Chunk:
        """The tables of samples that stand in the store from `first` on.

        Chunks come in any order, so that of contexts as strong as the weakest one kept, the earlier may come later:
        they are all sent, and the store chooses.
        """
        begun, config = time.time(), self.pipeline.config
        thresholds: Any = tuple(np.nextafter(least, np.float32(-np.inf)) for least in self.kept.thresholds())
        items = tokenize(samples, self.pipeline.lm.tokenizer, config.most_read)
        parts = [part for _, part in run_batches(self.pipeline, samples, items, first, thresholds)]
        return chunk_of(samples, items, parts, first, begun)
