"""The tokens of a store's samples counted anew, by the tokenizer alone: for stores that counted what was read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from core.extract.pipeline import OnProgress, Progress
from core.lm.chat import template_digest, tokenize
from core.lm.sources import tokenizer_at_hand
from core.sae.loading import at_hand
from core.schema import SEGMENTS
from core.store.reader import FeatureStore

CHUNK = 1024  # samples tokenized at once


def recounted(store: FeatureStore, on_progress: OnProgress) -> pa.Table | None:
    """sample_id, n_tokens and the tokens of each segment, int32, of the whole samples; None where the tokenizer is not
    at hand, or not the one that the store was made with.
    """
    tokenizer = tokenizer_at_hand(at_hand(store.meta["config"]["model"]))
    own = store.meta["digests"].get("template")
    if tokenizer is None or own not in (None, template_digest(tokenizer)):
        return None
    total, found = store.sample_columns("n_tokens")["n_tokens"], []
    for start in range(0, store.n_samples, CHUNK):
        on_progress(Progress("Counting tokens", start, store.n_samples))
        items = tokenize(store.samples(range(start, min(start + CHUNK, store.n_samples))), tokenizer, None)
        if any(i.n_tokens != total[i.row] for i in items if not i.restored):
            return None
        found += [(i.row, i.n_tokens, *(i.whole[name] for name in SEGMENTS)) for i in items]
    names = ("sample_id", "n_tokens", *(f"n_{name}_tokens" for name in SEGMENTS))
    columns = np.array(found, np.int32).reshape(-1, len(names)).T
    return pa.table(dict(zip(names, columns, strict=True)))


def notes_on_counts(store: FeatureStore, counted: pa.Table | None) -> Iterator[str]:
    """A sentence if the counts of samples that were cut could not be made anew."""
    n = int((store.sample_columns("n_truncated")["n_truncated"] > 0).sum())
    if counted is None and n:
        yield (
            f"Of {n:,} samples that were cut all that was not read counts as response: the tokenizer of "
            f"{store.meta['config']['model']}, which could tell, is not at hand."
        )
