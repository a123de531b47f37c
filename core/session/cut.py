"""What was not read of the samples of a store, since they are longer than the model's window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.session.session import Session
from core.store.reader import FeatureStore
from core.system.shown import many

Columns = Mapping[str, np.ndarray]
READ = ("whole", "prompt cut", "answer cut", "answer not read")  # how a sample was read, from best to worst


def readings(session: Session) -> np.ndarray:
    """How each sample was read, by its place in READ: int8 (N,)."""
    return session.remember("readings", lambda: read_of(session.store, session.columns))


def read_of(store: FeatureStore, known: Columns | None = None) -> np.ndarray:
    """As `readings`. A sample of which later turns alone are missing counts as `prompt cut`: these are no answers.

    known: the store's sample columns, where they have been read.
    """
    columns = known or store.sample_columns()
    own, read = columns["n_response_tokens"], columns["n_read_response"]
    cut = [columns["n_truncated"] > 0, read < own, (read == 0) & (own > 0)]
    return np.maximum.reduce([np.where(which, i, 0) for i, which in enumerate(cut, 1)]).astype(np.int8)


def cut_told(store: FeatureStore, known: Columns | None = None) -> str:
    """How many samples were not read whole, and what is missing of them, in sentences; "" where nothing is.

    known: as of `read_of`.
    """
    columns = known or store.sample_columns()
    found = np.bincount(read_of(store, columns), minlength=len(READ)).tolist()
    longer = int((columns["n_truncated"] > 0).sum())
    if not longer:
        return ""
    share = columns["n_read"].sum() / columns["n_tokens"].sum()
    gap = int((columns["n_read_prompt"] < columns["n_prompt_tokens"]).sum())
    parts = [(gap, "part of the prompt"), (found[2], "the end of the answer"), (found[3], "all of the answer")]
    were = "was" if longer == 1 else "were"
    missing = "; ".join(f"{n:,} {'lacks' if n == 1 else 'lack'} {what}" for n, what in parts if n)
    return (
        f"{longer:,} of {many(store.n_samples, 'sample')} {were} longer than {store.meta['config']['max_tokens']:,} "
        f"tokens, and not read whole{': ' if missing else ''}{missing}. The model read {share:.1%} of all tokens."
    )
