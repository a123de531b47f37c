"""Which tokens of a sample are read where it is longer than the window: the prompt gives way first."""

from __future__ import annotations

import numpy as np

from core.schema import SEGMENTS

RESPONSE = SEGMENTS.index("response")


def tokens_read(segment: np.ndarray, max_tokens: int) -> np.ndarray:
    """The tokens that are read of a sample, by their places in it: int64 (n,), ascending, n ≤ max_tokens.

    segment int8 (T,): that of each token. A sample that fits is read whole. Else what stands before its first response
    token loses its middle: it keeps what the rest of the sample leaves free, and half of the window at least, or all
    of itself. Then the sample's end is cut. Without a response token only the end is cut.
    """
    n, answers = len(segment), np.flatnonzero(segment == RESPONSE)
    if n <= max_tokens or not len(answers):
        return np.arange(min(n, max_tokens))
    before = int(answers[0])
    kept = max(min(before, max_tokens // 2), max_tokens - (n - before))
    return np.concatenate([without_middle(before, kept), np.arange(before, before + max_tokens - kept)])


def without_middle(n: int, kept: int) -> np.ndarray:
    """The places of n tokens of which only the first and the last stay: int64 (min(n, kept),), ascending."""
    kept = min(n, kept)
    tail = kept // 2
    return np.concatenate([np.arange(kept - tail), np.arange(n - tail, n)])


def strides(n: int, max_tokens: int) -> list[tuple[int, int, int]]:
    """Windows of at most max_tokens that read all n tokens of a sample: (start, stop, own), where the tokens from own
    to stop count for this window, and those from start to own are their context: half a window.
    """
    context = max_tokens // 2
    starts = range(0, max(1, n - context), max_tokens - context)
    return [(start, min(start + max_tokens, n), start + context if start else 0) for start in starts]
