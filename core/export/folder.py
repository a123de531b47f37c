"""Export: the curated file, the rejects with their reasons, and the manifest; and replay of one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from core.errors import DataError, SaelectError, SelectionError
from core.explain.naming import Names
from core.explain.rejects import rejects
from core.export.formats import curated_bytes, write_bytes
from core.export.manifest import find_store, manifest_json, read_manifest, same_manifest, spec_from
from core.features.shown_labels import names_of
from core.schema import Selection
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import FeatureStore


def export(
    selection: Selection,
    store: FeatureStore,
    path: Path,
    format: str = "jsonl",
    order: str = "input",
    names: Names | None = None,
    to: str = "original",
    force: bool = False,
) -> dict:
    """Write the curated file to `path`, `<stem>.rejects.jsonl` and `<stem>.manifest.json` beside it; the manifest.

    The records are those of the input, unchanged, or their turns in one of FORMS; in the input's order, or in the order
    of the picks. names: what the rejects call features, by default their shared labels. force: other files under the
    three names are replaced.
    Raises SelectionError for an unknown format, order or form, DataError for a path that cannot or must not be written
    and for the first record that the form cannot hold; nothing is written then.
    """
    path = Path(path)
    rejects_path, manifest_path = (path.with_name(f"{path.stem}.{end}") for end in ("rejects.jsonl", "manifest.json"))
    for target in (path, rejects_path, manifest_path):
        if target.exists() and target.resolve() == Path(store.meta["config"]["data"]).resolve():
            raise DataError(f"{target} is the data that was selected from: give another name.")
    content = curated_bytes(selection, store, format, order, to)
    manifest = manifest_json(selection, store, format, order, path.name, content, to)
    files = {path: content, rejects_path: rejects_bytes(selection, store, names), manifest_path: manifest.encode()}
    if not force:
        _check_nothing_is_lost(files)
    for target, data in files.items():
        write_bytes(target, data)
    return json.loads(manifest)


def _check_nothing_is_lost(files: dict[Path, bytes]) -> None:
    """Raises DataError for the first file that exists and is another; manifests of one export differ in their date."""
    for path, data in files.items():
        if not path.is_file() or path.read_bytes() == data:
            continue
        if not (path.name.endswith(".manifest.json") and same_manifest(path, data)):
            raise DataError(f"{path} exists and is another file: give another name, or --force to replace it.")


def rejects_bytes(selection: Selection, store: FeatureStore, names: Names | None = None) -> bytes:
    """JSON Lines, one line for each sample that was left out, with the reason and the kept samples that cover it."""
    found = rejects(selection, store, info_of(store), names or names_of(store, lens=selection.spec.lens))
    lines = (json.dumps(reject, ensure_ascii=False) for reject in found)
    return "".join(line + "\n" for line in lines).encode()


def replay(manifest: Path, out: Path | None = None, store: Path | None = None) -> Path:
    """Select and write again what a manifest describes, to `out` or under the name in the manifest; the path.

    `store`: where the feature store lies, if neither beside the manifest nor in the cache.

    Raises StoreError if the store is gone, SelectionError if picks or bytes differ, SaelectError if a different file
    stands where the new one would go.
    """
    found = read_manifest(Path(manifest))
    opened = find_store(found, Path(manifest), store)
    spec = spec_from(found["spec"])
    selection = select(opened.matrix(spec.scope, lens=spec.lens), spec, info_of(opened))
    rows = opened.sample_columns()["source_row"][selection.rows].tolist()
    if rows != found["rows"]:
        differ = len(set(rows) ^ set(found["rows"]))
        raise SelectionError(
            f"The selection is not the one in {manifest}: {differ} rows differ, or stand in another order."
        )
    content = curated_bytes(selection, opened, found["format"], found["order"], found.get("form", "original"))
    digest = hashlib.sha256(content).hexdigest()
    if digest != found["sha256"]:
        raise SelectionError(f"The rows are those of {manifest}, but the file's sha256 is not: {digest}.")
    path = Path(out) if out else Path(manifest).with_name(Path(found["file"]).name)
    if path.exists() and path.read_bytes() != content:
        raise SaelectError(f"{path} exists and is a different file: move it away or give --out.")
    write_bytes(path, content)
    return path
