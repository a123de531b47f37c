"""What a data set holds and what a selection from it amounts to, in the few figures and samples that tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from itertools import islice

import numpy as np

from core.explain.credit import Ledger
from core.explain.naming import enumerated
from core.schema import FeatureMatrix, Selection
from core.system.shown import many

NAMED = 3  # sources told by name


def largest_features(matrix: FeatureMatrix, hidden: Container[int], most: int) -> list[tuple[int, int]]:
    """(feature, its samples) of the `most` features that most samples have, without hidden ones; ties by number."""
    samples = np.bincount(matrix.feature, minlength=matrix.n_features)
    order = np.argsort(-samples, kind="stable").tolist()
    shown = (feature for feature in order if samples[feature] and feature not in hidden)
    return [(feature, int(samples[feature])) for feature in islice(shown, most)]


def contents_told(source: np.ndarray, tokens: np.ndarray) -> str:
    """Where the samples come from and how long they are, in sentences; source text (N,), tokens int (N,)."""
    n, half = len(tokens), int(np.median(tokens)) if len(tokens) else 0
    lengths = f"Half of them have at most {many(half, 'token')}, the longest has {int(tokens.max(initial=0)):,}."
    names = Counter(source.tolist())
    if len(names) < 2:
        return f"{many(n, 'sample')}. {lengths}"
    order = sorted(names, key=lambda name: (-names[name], name))
    largest = [f"{name or 'no name'} ({names[name] / n:.0%})" for name in order[:NAMED]]
    first = f"{many(n, 'sample')} from {many(len(names), 'source')}"
    return f"{first}, {'the largest ' if len(names) > NAMED else ''}{enumerated(largest)}. {lengths}"


def telling_rows(selection: Selection, book: Ledger) -> tuple[list[int], list[int]]:
    """Three kept rows, the first, middle and last pick; and three left out, the most, middle and least redundant.

    Fewer where there are fewer. book: the selection's ledger.
    """
    out = np.ones(len(book.redundancy), bool)
    out[selection.rows] = False
    left = np.flatnonzero(out)
    falling, n = -book.redundancy[left], len(left)
    places = dict.fromkeys((0, n // 2, n - 1)) if n else ()
    return ends_and_middle(selection.rows), [int(left[nth(falling, place)]) for place in places]


def nth(values: np.ndarray, n: int) -> int:
    """Where the n-th smallest of values (N,) stands, counted from 0, ties by place: without sorting a million."""
    value = np.partition(values, n)[n]
    return int(np.flatnonzero(values == value)[n - np.count_nonzero(values < value)])


def ends_and_middle(rows: np.ndarray) -> list[int]:
    """The first, the middle and the last of rows int (K,), each once."""
    return [int(rows[i]) for i in dict.fromkeys((0, len(rows) // 2, len(rows) - 1))] if len(rows) else []
