"""The language of each sample: told from its texts once, and kept beside the store.

A column of the data that says so stands behind: it may be of another sort, or of the questions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.selection.quotas import NONE
from core.store.queries import samples_in
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from core.system.kept import loaded, write_json
from core.system.ranges import over_ranges
from core.topics.language import language, language_name

VERSION = 1  # of how a language is told: another one once the column would be another
BATCH = 1000  # samples that are in memory at a time
PARTS = ("prompt", "response")
Told = Callable[[str, float, float], None]  # stage, done, total


def silent(stage: str, done: float, total: float) -> None:
    """Tell nobody."""


def languages(store: FeatureStore, told: Told = silent) -> dict[str, np.ndarray]:
    """The language of each prompt and each response, ISO 639 codes, "" where it cannot be told: object (N,) each.

    Told once, which takes some seconds for ten thousand samples, and kept.
    """
    if (kept := known(store)) is not None:
        return kept
    n = store.n_samples
    batches = over_ranges(codes_in, (store,), n, BATCH, lambda done: told("Telling languages", done, n))
    codes = {part: [code for batch in batches for code in batch[part]] for part in PARTS}
    keep(store, codes)
    return as_columns(codes)


def codes_in(store: FeatureStore, start: int, stop: int) -> dict[str, list[str]]:
    """The languages of the samples from `start` to before `stop`."""
    codes: dict[str, list[str]] = {part: [] for part in PARTS}
    for sample in samples_in(store, start, stop):
        add(codes, sample.prompt, sample.response)
    return codes


def add(codes: Mapping[str, list[str]], prompt: str, response: str) -> None:
    """Append the languages of a sample to the columns that are there."""
    for part, text in (("prompt", prompt), ("response", response)):
        if part in codes:
            codes[part].append(language(text))


def known(store: FeatureStore) -> dict[str, np.ndarray] | None:
    """The columns that are kept; None where they have not been made, or are damaged."""
    kept = loaded(column_of(store))
    whole = isinstance(kept, dict) and all(len(kept.get(part, ())) == store.n_samples for part in PARTS)
    return as_columns(kept) if whole else None


def keep(store: FeatureStore, codes: Mapping[str, Sequence[str]]) -> None:
    """Write the columns down."""
    write_json(column_of(store), codes)


def as_columns(codes: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Columns as arrays of objects."""
    return {part: np.array(column, object) for part, column in codes.items()}


def column_of(store: FeatureStore) -> Path:
    """Where the columns are kept: by the store's key and size, as a benchmark repeats a store under its key."""
    return cache_dir("languages") / f"{store.key}-{store.n_samples}-{VERSION}.json"


def of_samples(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """One language for each sample: that of its response, where that cannot be told that of its prompt: object (N,)."""
    return np.where(columns["response"] == "", columns["prompt"], columns["response"])


def at_hand(store: FeatureStore) -> bool:
    """Whether the columns are there, or made in a second: what a page may ask of them without waiting."""
    return store.n_samples <= BATCH or column_of(store).exists()


def labels_by_language(store: FeatureStore) -> np.ndarray:
    """The language of each sample as a label: text (N,), NONE where it cannot be told."""
    found = of_samples(languages(store)).astype(str)
    return np.where(found == "", NONE, found)


def commonest(codes: np.ndarray) -> dict[str, int]:
    """How many samples are in each language of codes (N,), the commonest first, ties by code."""
    names, counts = np.unique(codes.astype(str), return_counts=True)
    return {str(names[i]): int(counts[i]) for i in np.lexsort((names, -counts))}


def told_in_words(codes: np.ndarray, most: int = 3) -> str:
    """The commonest languages in words, such as English 91%, German 6%, unknown 0.3%."""
    shares = list(commonest(codes).items())[:most]
    found = ((language_name(code), count / max(len(codes), 1)) for code, count in shares)
    return ", ".join(f"{name} {share:.1%}" if share < 0.01 else f"{name} {share:.0%}" for name, share in found)
