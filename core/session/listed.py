"""What a page may offer for the options of methods that name a file or a run: what the cache holds, nothing else.

A page is drawn from an address that anybody may have written: whatever it names is looked up here and not opened. On
the command line, which its user writes, an option may also be a path.
"""

from __future__ import annotations

from collections.abc import Callable

from core.session.session import workspace_of
from core.store.catalogue import store_titles
from core.store.reader import FeatureStore
from core.system.files import cache_dir


def listed(store: FeatureStore, kind: str) -> dict[str, str]:
    """For an option whose kind is one of LISTED: the values it may have, each with its title; first the default."""
    return LISTED[kind](store)


def other_stores(store: FeatureStore) -> dict[str, str]:
    """The keys of the other stores in the cache that can be opened, each with its title."""
    return {t.key: t.text for t in store_titles(cache_dir()) if not t.error and t.key != store.key}


def _references(store: FeatureStore) -> dict[str, str]:
    """The sets and tags of the store's samples, and the keys of the other stores in the cache that can be opened."""
    state = workspace_of(store).state()
    named = {f"set:{name}": f"set {name} · {len(rows):,}" for name, rows in state.sets.items() if rows}
    named |= {f"tag:{name}": f"tag {name} · {len(rows):,}" for name, rows in state.tags.items()}
    return {"": "none"} | named | other_stores(store)


def _vectors(store: FeatureStore) -> dict[str, str]:
    """The model's own vectors, and the names of the .npy files that lie in the cache folder itself."""
    return {"residual": "residual"} | {path.name: path.name for path in sorted(cache_dir().glob("*.npy"))}


def _runs(store: FeatureStore) -> dict[str, str]:
    """The names of the runs of refinement on this store."""
    found = sorted(path.parent.name for path in cache_dir("refine", store.key).glob("*/run.json"))
    return {"": "the newest finished one"} | {name: name for name in found}


LISTED: dict[str, Callable[[FeatureStore], dict[str, str]]] = {
    "reference": _references,
    "vectors": _vectors,
    "run": _runs,
}
