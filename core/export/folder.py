"""Export: the curated file, the rejects with their reasons, and the manifest; and replay of one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from core.datasets.originals import json_text
from core.errors import SaelectError, SelectionError
from core.explain.naming import Names
from core.explain.rejects import rejects
from core.export.curated import curated_files
from core.export.formats import curated_bytes
from core.export.manifest import find_store, manifest_json, read_manifest, shape_of
from core.export.settings import Shape
from core.export.writing import make_folder, write_bytes, write_files
from core.features.shown_labels import names_of
from core.matrix.rows import others
from core.schema import Selection
from core.selection.run import select
from core.selection.specs import spec_from
from core.session.sample_info import info_of
from core.store.reader import FeatureStore
from core.store.turns import START


def export(
    selection: Selection,
    store: FeatureStore,
    path: Path,
    format: str = "jsonl",
    order: str = "input",
    names: Names | None = None,
    to: str = "original",
    force: bool = False,
    rejected: bool = True,
) -> dict:
    """Write the curated file to `path`, `<stem>.rejects.jsonl` and `<stem>.manifest.json` beside it; the manifest.

    The records are those of the input, unchanged, or their turns in one of FORMS; in the input's order, or in the order
    of the picks. names: what the rejects call features, by default their shared labels. force: other files under the
    three names are replaced. rejected: whether the rejects are written.
    Raises SelectionError for an unknown format, order or form, DataError for a path that cannot or must not be written
    and for the first record that the form cannot hold; nothing is written then.
    """
    path, shape = Path(path), Shape(format, order, to)
    curated = {path.name: curated_bytes(selection, store, format, order, to)}
    manifest = manifest_json(selection, store, shape, curated)
    beside = {f"{path.stem}.rejects.jsonl": rejects_bytes(selection, store, names)} if rejected else {}
    beside[f"{path.stem}.manifest.json"] = manifest.encode()
    write_files({path.with_name(name): content for name, content in (curated | beside).items()}, store, force)
    return json.loads(manifest)


def rejects_bytes(selection: Selection, store: FeatureStore, names: Names | None = None) -> bytes:
    """JSON Lines, one line for each sample that was left out: its row, its id if it has one, how its text begins, the
    reason, and the kept samples that cover it and that are most like it.
    """
    found = rejects(selection, store, info_of(store), names or names_of(store, lens=selection.spec.lens))
    left = others(store.n_samples, selection.rows)
    begin = ("\n\n".join(filter(None, pair))[:START] for pair in store.previews(left))
    named = ({"id": name} if name else {} for name in store.sample_columns("id")["id"][left])
    lines = (
        {"row": reject["row"], **name, "text": text} | reject
        for reject, name, text in zip(found, named, begin, strict=True)
    )
    return "".join(json_text(line) + "\n" for line in lines).encode()


def replay(manifest: Path, out: Path | None = None, store: Path | None = None) -> Path:
    """Select and write again what a manifest describes, to `out` or under the name in the manifest; the path.

    Of a manifest that names several files, `out` is the folder for them, made if absent, and the path is that of the
    first; a folder that is there holds a single one too.

    `store`: where the feature store lies, if neither beside the manifest nor in the cache.

    Raises StoreError if the store is gone, SelectionError if picks or bytes differ, SaelectError if a different file
    stands where the new one would go.
    """
    found = read_manifest(Path(manifest))
    opened = find_store(found, Path(manifest), store)
    spec = spec_from(found["spec"])
    selection = select(opened.matrix(spec.scope, lens=spec.lens), spec, info_of(opened))
    rows = opened.sample_columns("source_row")["source_row"][selection.rows].tolist()
    if rows != found["rows"]:
        differ = len(set(rows) ^ set(found["rows"]))
        raise SelectionError(
            f"The selection is not the one in {manifest}: {differ} rows differ, or stand in another order."
        )
    made = curated_files(selection, opened, shape_of(found))
    digests = found["files"] | {found["file"]: found["sha256"]}
    if list(digests.values()) != (now := [hashlib.sha256(content).hexdigest() for content in made.values()]):
        raise SelectionError(f"The rows are those of {manifest}, but the file's sha256 is not: {', '.join(now)}.")
    names = [Path(name).name for name in digests]
    if out and len(names) == 1 and not Path(out).is_dir():
        places = [Path(out)]
    else:
        folder = Path(out or Path(manifest).parent)
        make_folder(folder)
        places = [folder / name for name in names]
    return _written_again(dict(zip(places, made.values(), strict=True)))


def _written_again(files: dict[Path, bytes]) -> Path:
    """Write files, of which none may stand there with another content; the path of the first."""
    for path, content in files.items():
        if path.exists() and path.read_bytes() != content:
            raise SaelectError(f"{path} exists and is a different file: move it away or give --out.")
    for path, content in files.items():
        write_bytes(path, content)
    return next(iter(files))
