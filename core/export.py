"""The curated file, the rejects with their reasons, and a manifest from which `replay` makes the same file again."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core import __version__
from core.datasets.writers import FORMATS, write_records
from core.errors import DataError, SaelectError, SelectionError, StoreError
from core.explain.rejects import rejects
from core.schema import Selection, SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import FeatureStore, open_store
from core.system.files import cache_dir, replacing

ORDERS = ("input", "pick")


def export(selection: Selection, store: FeatureStore, path: Path, format: str = "jsonl", order: str = "input") -> dict:
    """Write the curated file to `path`, `<stem>.rejects.jsonl` and `<stem>.manifest.json` beside it; the manifest.

    The records are those of the input, unchanged; in the input's order, or in the order of the picks.
    Raises SelectionError for an unknown format or order, DataError for a path that cannot or must not be written.
    """
    path = Path(path)
    if path.exists() and path.resolve() == Path(store.meta["config"]["data"]).resolve():
        raise DataError(f"{path} is the data that was selected from: give another name.")
    content = curated_bytes(selection, store, format, order)
    manifest = manifest_json(selection, store, format, order, path.name, content)
    for target, data in (
        (path, content),
        (path.with_name(f"{path.stem}.rejects.jsonl"), rejects_bytes(selection, store)),
        (path.with_name(f"{path.stem}.manifest.json"), manifest.encode()),
    ):
        write_bytes(target, data)
    return json.loads(manifest)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by the content, or leave it as it was and raise DataError."""
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def curated_bytes(selection: Selection, store: FeatureStore, format: str = "jsonl", order: str = "input") -> bytes:
    """The curated file's content."""
    for name, value, known in (("format", format, FORMATS), ("order", order, ORDERS)):
        if value not in known:
            raise SelectionError(f"Unknown {name} {value!r}: use one of {', '.join(known)}.")
    rows = selection.rows if order == "pick" else np.sort(selection.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curated"
        write_records((s.raw for s in store.samples(rows)), path, format)
        return path.read_bytes()


def rejects_bytes(selection: Selection, store: FeatureStore) -> bytes:
    """JSON Lines, one line for each sample that was left out, with the reason and the picks that cover it."""
    lines = (json.dumps(reject, ensure_ascii=False) for reject in rejects(selection, store, info_of(store)))
    return "".join(line + "\n" for line in lines).encode()


def manifest_json(
    selection: Selection, store: FeatureStore, format: str, order: str, name: str, content: bytes | None = None
) -> str:
    """Everything that `replay` needs, and what a reader of the file may want to know."""
    content = curated_bytes(selection, store, format, order) if content is None else content
    columns = store.sample_columns()
    tokens = columns["n_prompt_tokens"] + columns["n_response_tokens"] + columns["n_later_tokens"]
    manifest = {
        "tool": f"SAElect {__version__}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "file": name,
        "format": format,
        "order": order,
        "sha256": hashlib.sha256(content).hexdigest(),
        "n_records": len(selection.rows),
        "n_tokens": int(tokens[selection.rows].sum()),
        "store": {"key": store.key, "path": str(store.path)},
        "data": {"source": Path(store.meta["config"]["data"]).name, "sha256": store.meta["digests"]["data"]},
        "spec": spec_dict(selection),
        "rows": [int(r) for r in columns["source_row"][selection.rows]],
    }
    return json.dumps(manifest, indent=1) + "\n"


def spec_dict(selection: Selection) -> dict[str, Any]:
    """The spec as JSON has it. The dashboard selects by a prefix of the full order: its own length is the budget."""
    spec = selection.spec
    if spec.unit == "samples":
        spec = replace(spec, budget=len(selection.rows))
    vetoes = {str(f): mode for f, mode in spec.vetoes.items()}
    return json.loads(json.dumps(asdict(spec) | {"vetoes": vetoes}, default=lambda n: n.item()))


def spec_from(found: dict[str, Any]) -> SelectionSpec:
    """A SelectionSpec from what `spec_dict` gave; raises DataError if it is none."""
    default = SelectionSpec()
    try:
        vetoes = {int(f): mode for f, mode in found["vetoes"].items()}
        rows = {name: tuple(int(row) for row in found[name]) for name in ("pins", "bans")}
        spec = SelectionSpec(**{**found, **rows, "vetoes": vetoes, "theta": float(found["theta"])})
        wrong = [f.name for f in fields(spec) if type(getattr(spec, f.name)) is not type(getattr(default, f.name))]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {error}.") from error
    if wrong:
        raise DataError(f"The manifest's spec is not one that SAElect wrote: {', '.join(wrong)} cannot be used.")
    return spec


def replay(manifest: Path, out: Path | None = None) -> Path:
    """Select and write again what a manifest describes, to `out` or under the name in the manifest; the path.

    Raises StoreError if the store is gone, SelectionError if picks or bytes differ, SaelectError if a different file
    stands where the new one would go.
    """
    found = read_manifest(Path(manifest))
    store = find_store(found, Path(manifest))
    spec = spec_from(found["spec"])
    selection = select(store.matrix(spec.scope), spec, info_of(store))
    rows = store.sample_columns()["source_row"][selection.rows].tolist()
    if rows != found["rows"]:
        differ = len(set(rows) ^ set(found["rows"]))
        raise SelectionError(
            f"The selection is not the one in {manifest}: {differ} rows differ, or stand in another order."
        )
    content = curated_bytes(selection, store, found["format"], found["order"])
    digest = hashlib.sha256(content).hexdigest()
    if digest != found["sha256"]:
        raise SelectionError(f"The rows are those of {manifest}, but the file's sha256 is not: {digest}.")
    path = Path(out) if out else Path(manifest).with_name(Path(found["file"]).name)
    if path.exists() and path.read_bytes() != content:
        raise SaelectError(f"{path} exists and is a different file: move it away or give --out.")
    write_bytes(path, content)
    return path


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest's content; SaelectError if it is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        missing = {"spec", "rows", "sha256", "format", "order", "file", "store"} - set(found)
    except (OSError, ValueError, TypeError) as error:
        raise SaelectError(f"{path} is not a manifest: {error}") from error
    if missing:
        raise SaelectError(f"{path} is not a manifest that SAElect wrote: it has no {', '.join(sorted(missing))}.")
    return found


def find_store(found: dict[str, Any], manifest: Path) -> FeatureStore:
    """The store that a manifest names, where it was or in the cache."""
    key = found["store"]["key"]
    for path in (Path(found["store"]["path"]), cache_dir() / f"{key}.duckdb"):
        if path.is_file():
            store = open_store(path)
            if store.key == key:
                return store
    raise StoreError(f"The feature store {key} that {manifest} names is neither where it was nor in {cache_dir()}.")
