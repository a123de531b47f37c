"""Which label of a feature is shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import DataError
from core.explain.naming import Names
from core.features.kinds import MEANING
from core.features.label_files import read_labels
from core.features.labels import SOURCES, Label, book_of, cleaned, sae_of
from core.sae.loading import at_hand, sae_digest
from core.store.reader import FeatureStore
from core.system.files import cache_dir, stamp
from core.topics.folders import located
from core.workspace.decisions import WorkspaceState

SHIPPED = "labels.json"


def sae_folder(store: FeatureStore, lens: str) -> Path | None:
    """The folder of the SAE of a lens, None if it is not at hand; it may hold another SAE by now."""
    if lens == "topics":
        return located((store.meta.get("topics") or {}).get("folder", ""))
    folder = Path(at_hand(store.meta["config"].get("sae") or "") or "?")
    return folder if folder.is_dir() else None


def shipped_file(store: FeatureStore, lens: str = "tokens") -> Path | None:
    """`labels.json` in the folder of a lens's SAE; None if there is none, or the folder holds another SAE now."""
    folder = sae_folder(store, lens)
    if folder is None or not (folder / SHIPPED).is_file() or sae_digest(str(folder)) != sae_of(store, lens):
        return None
    return folder / SHIPPED


def shipped_labels(store: FeatureStore, lens: str = "tokens") -> list[Label]:
    """The labels in the folder of a lens's SAE: a person's stay `manual`, a model's `auto`, others are `shipped`.

    Entries that cannot be used are left out, and so is a file that cannot be read: `python -m core labels` names them.
    """
    path = shipped_file(store, lens)
    try:
        return read_labels(path, store.size_of(lens), skip_bad=True, origin="shipped", lens=lens).labels if path else []
    except DataError:
        return []


def labels_of(store: FeatureStore, decided: WorkspaceState | None = None, lens: str = "tokens") -> dict[int, Label]:
    """The label of each feature of a lens that has one: the person's, else the SAE's best (see `best_labels`)."""
    kept = book_of(store, lens).labels() if sae_of(store, lens) else []
    found, own = best_labels([*shipped_labels(store, lens), *kept]), (decided or WorkspaceState()).of(lens)
    return found | {f: Label(f, cleaned(t), "manual", own.dates.get(f, "")[:10]) for f, t in own.labels.items()}


def names_of(store: FeatureStore, decided: WorkspaceState | None = None, lens: str = "tokens") -> Names:
    """What the features of a lens are called in sentences: by their labels, else a topic's name or the tokens at the
    strongest peaks; token features that stand for wording and format are counted only.
    """
    called = called_of(store, decided, lens)
    return Names(lambda f: called.get(f, ""), wording_of(store, lens))


def called_of(store: FeatureStore, decided: WorkspaceState | None = None, lens: str = "tokens") -> dict[int, str]:
    """What each feature of a lens is called: its label, else a topic's name or the tokens at the strongest peaks."""
    labels = {feature: label.text for feature, label in labels_of(store, decided, lens).items()}
    return store.faces(lens) | labels


def wording_of(store: FeatureStore, lens: str) -> frozenset[int]:
    """The features of a lens that stand for wording and format; none where their kinds are not known."""
    kinds = store.kinds() if lens == "tokens" else {}
    return frozenset(feature for feature, kind in kinds.items() if kind not in MEANING)


def best_labels(labels: Iterable[Label]) -> dict[int, Label]:
    """One label a feature, ascending: by the order of SOURCES, then the best score, then the author's name."""
    found: dict[int, Label] = {}
    for label in sorted(labels, key=_preference):
        found.setdefault(label.feature, label)
    return found


def _preference(label: Label) -> tuple:
    score = -1.0 if label.score is None else label.score
    return label.feature, SOURCES.index(label.source), -score, label.author, label.text


def labels_stamp(store: FeatureStore, lens: str = "tokens") -> str:
    """Changes whenever the labels of a lens may have changed: a key for caches."""
    folder = sae_folder(store, lens) or Path("?")
    return repr([lens, *(stamp(str(path)) for path in (cache_dir() / "labels.sqlite", folder / SHIPPED))])
