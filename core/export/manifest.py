"""The manifest of an exported file: everything that `replay` needs to make the same file again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__
from core.errors import DataError, SaelectError, SelectionError, StoreError
from core.export.settings import Shape
from core.schema import Selection
from core.selection.specs import spec_dict
from core.store.meta import data_named
from core.store.reader import FeatureStore, open_store
from core.system.files import cache_dir

HOLDS = {  # what a manifest must have
    "file": str, "files": dict, "format": str, "order": str, "rows": list, "sha256": str, "spec": dict, "store": dict,
}  # fmt: skip
TOKENS = ("n_prompt_tokens", "n_response_tokens", "n_later_tokens")


def manifest_json(selection: Selection, store: FeatureStore, shape: Shape, files: Mapping[str, bytes]) -> str:
    """Everything that `replay` needs, and what a reader of the files may want to know.

    files: those of `curated_files` by name, the curated file or its part for training first.
    """
    columns = store.sample_columns("source_row", *TOKENS)
    tokens = np.sum([columns[name] for name in TOKENS], axis=0)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    first = next(iter(digests))
    manifest = {
        "tool": f"SAElect {__version__}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "file": first,
        "format": shape.format,
        "form": shape.to,
        "order": shape.order,
        "validation": shape.validation,
        "split_seed": shape.split_seed,
        "sampling": shape.sampling,
        "sha256": digests[first],
        "files": digests,
        "n_records": len(selection.rows),
        "n_tokens": int(tokens[selection.rows].sum()),
        "store": {"key": store.key, "path": store.path.name},  # a manifest is published: no folders of this machine
        "data": {"source": data_named(store.meta), "sha256": store.meta["digests"]["data"]},
        "spec": spec_dict(selection),
        "rows": [int(r) for r in columns["source_row"][selection.rows]],
    }
    return json.dumps(manifest, indent=1) + "\n"


def shape_of(found: dict[str, Any]) -> Shape:
    """The Shape that a manifest tells; those of before there were forms and splits have none. Raises DataError."""
    later = {name: found[name] for name in ("validation", "split_seed", "sampling") if name in found}
    try:
        return Shape(found["format"], found["order"], found.get("form", "original"), **later)
    except (SelectionError, TypeError) as error:
        raise DataError(f"The manifest is not one that SAElect wrote: {error}") from error


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest's content; SaelectError if it is none."""
    try:
        found = {"files": {}} | json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise SaelectError(f"{path} is not a manifest: {error}") from error
    wrong = [name for name, kind in HOLDS.items() if not isinstance(found.get(name), kind)]
    if wrong:
        raise SaelectError(f"{path} is not a manifest that SAElect wrote: its {', '.join(wrong)} cannot be used.")
    return found


def same_manifest(path: Path, data: bytes) -> bool:
    """Whether a file is a manifest that says the same as `data`, but for when it was made and by which version."""
    try:
        old, new = (json.loads(text) | {"created": "", "tool": ""} for text in (path.read_bytes(), data))
    except (ValueError, TypeError):
        return False
    return bool(old == new)


def find_store(found: dict[str, Any], manifest: Path, at: Path | None = None) -> FeatureStore:
    """The store that a manifest names: `at`, beside the manifest, in the cache, or where older manifests say it was.

    Raises StoreError if it is in none of these places.
    """
    key, path = found["store"].get("key"), Path(str(found["store"].get("path")))
    places = [at] if at else [manifest.parent / path.name, cache_dir() / f"{key}.duckdb", path]
    for place in places:
        if place.is_file():
            store = open_store(place)
            if store.key == key:
                return store
    looked = at or f"beside it, nor in {cache_dir()}"
    raise StoreError(f"The feature store {key} that {manifest} names is not {looked}: give --store.")
