"""Which label of a feature is shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import DataError
from core.features.label_files import read_labels
from core.features.labels import SOURCES, Label, book_of, cleaned, sae_of
from core.sae.loading import sae_digest
from core.store.reader import FeatureStore
from core.system.files import cache_dir, stamp
from core.workspace.decisions import WorkspaceState

SHIPPED = "labels.json"


def shipped_file(store: FeatureStore) -> Path | None:
    """`labels.json` in the folder of the store's SAE; None if there is none, or the folder holds another SAE now."""
    folder = Path(store.meta["config"].get("sae") or "?")
    path = folder / SHIPPED
    return path if path.is_file() and sae_digest(str(folder)) == sae_of(store) else None


def shipped_labels(store: FeatureStore) -> list[Label]:
    """The labels in the SAE's folder: a person's stay `manual`, a model's `auto`, others are `shipped`.

    Entries that cannot be used are left out, and so is a file that cannot be read: `python -m core labels` names them.
    """
    path = shipped_file(store)
    try:
        return read_labels(path, store.n_features, skip_bad=True, origin="shipped").labels if path else []
    except DataError:
        return []


def labels_of(store: FeatureStore, decided: WorkspaceState | None = None) -> dict[int, Label]:
    """The label of each feature that has one: the person's, else the best of the SAE's (see `best_labels`)."""
    found = best_labels([*shipped_labels(store), *(book_of(store).labels() if sae_of(store) else [])])
    own = (decided or WorkspaceState()).of("tokens")
    return found | {f: Label(f, cleaned(t), "manual", own.dates.get(f, "")[:10]) for f, t in own.labels.items()}


def best_labels(labels: Iterable[Label]) -> dict[int, Label]:
    """One label a feature, ascending: by the order of SOURCES, then the best score, then the author's name."""
    found: dict[int, Label] = {}
    for label in sorted(labels, key=_preference):
        found.setdefault(label.feature, label)
    return found


def _preference(label: Label) -> tuple:
    score = -1.0 if label.score is None else label.score
    return label.feature, SOURCES.index(label.source), -score, label.author, label.text


def labels_stamp(store: FeatureStore) -> str:
    """Changes whenever the labels of the store's SAE may have changed: a key for caches."""
    folder = Path(store.meta["config"].get("sae") or "?")
    return repr([stamp(str(path)) for path in (cache_dir() / "labels.sqlite", folder / SHIPPED)])
