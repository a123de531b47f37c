"""Concepts that were taught by examples, kept beside the store: what each is, and its score of every sample.

A concept is two files of `cache/concepts/KEY OF THE STORE`: NAME.json and NAME.npy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SelectionError
from core.store.reader import FeatureStore
from core.system.files import cache_dir, cache_path
from core.system.kept import now, read_array, write_array, write_json

COLUMN = "concept:"  # what the names of the score columns begin with
NAME = re.compile(r"\w[\w -]{0,59}")
AGAIN = "and the concept must be taught again"


@dataclass(frozen=True)
class Taught:
    """A concept. positive, negative: what its examples were called; n_positive, n_negative: how many there were.

    auc: (value, low, high) of each probe, by its kind, cross-validated. by: the kind whose scores are kept. features:
    those of the lens that the sparse probe uses, (feature, weight), the largest weights first; weights are for values
    in shares of a feature's largest. notes: what else is to be known, a sentence each.
    """

    name: str
    positive: str
    negative: str
    n_positive: int
    n_negative: int
    lens: str
    scope: str
    theta: float
    seed: int
    auc: Mapping[str, tuple[float, ...]]
    by: str
    features: list[tuple[int, float]]
    notes: tuple[str, ...] = ()
    made: str = field(default_factory=now)

    @property
    def column(self) -> str:
        """The name of its score column."""
        return COLUMN + self.name


def checked_name(name: str) -> str:
    """A name that a concept can have; raises SelectionError."""
    if not NAME.fullmatch(name := " ".join(name.split())):
        raise SelectionError(
            f"A concept is named by letters, digits, spaces, - and _, at most 60 in all, got {name[:80]!r}."
        )
    return name


def keep(store: FeatureStore, taught: Taught, score: np.ndarray) -> None:
    """Write a concept, in place of one of its name, and its score of each sample, float64 (N,)."""
    folder = cache_dir("concepts", store.key)
    write_array(folder / f"{taught.name}.npy", score)
    write_json(folder / f"{taught.name}.json", asdict(taught), indent=1)


def forget(store: FeatureStore, name: str) -> None:
    """Delete a concept and its column; raises SelectionError if there is none of that name."""
    one_of(store, name)
    for end in ("json", "npy"):
        (_folder(store) / f"{name}.{end}").unlink(missing_ok=True)


def one_of(store: FeatureStore, name: str) -> Taught:
    """The concept of a name; raises SelectionError if there is none."""
    known = all_of(store)
    if name not in known:
        have = f"there are {', '.join(known)}" if known else "there is none yet"
        raise SelectionError(f"There is no concept {name!r}: {have}.")
    return known[name]


def all_of(store: FeatureStore) -> dict[str, Taught]:
    """The concepts that were taught on a store, by name."""
    found = [_read(path) for path in sorted(_folder(store).glob("*.json"))]
    return {one.name: one for one in found if one}


def taught_columns(store: FeatureStore) -> dict[str, np.ndarray]:
    """The score column of each concept, float64 (N,) in [0, 1]; raises DamagedError for one that is damaged, once."""
    paths = {one.column: _folder(store) / f"{one.name}.npy" for one in all_of(store).values()}
    return {name: read_array(path, (store.n_samples,), AGAIN) for name, path in paths.items() if path.is_file()}


def _read(path: Path) -> Taught | None:
    """What a file says of a concept; None where it is none, as one that was cut short."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        features = [(int(f), float(weight)) for f, weight in found.pop("features")]
        notes, auc = tuple(found.pop("notes")), {kind: tuple(one) for kind, one in found.pop("auc").items()}
        return Taught(**found, auc=auc, features=features, notes=notes)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _folder(store: FeatureStore) -> Path:
    return cache_path("concepts", store.key)
