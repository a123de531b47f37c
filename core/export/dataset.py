"""A data set as a folder: the files of records, rejects, manifest, data card and map; and the folder as a zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from core.errors import SaelectError
from core.export.card import card
from core.export.curated import WEIGHTS, curated_files, divided
from core.export.facts import facts_of, spoken
from core.export.folder import rejects_bytes
from core.export.formats import fields_of
from core.export.manifest import manifest_json, read_manifest
from core.export.picture import map_svg
from core.export.settings import About, Shape
from core.export.snippets import snippets
from core.export.writing import MANIFEST, data_files, make_folder, write_files
from core.schema import Selection
from core.session.session import Session
from core.system.disk import writing
from core.workspace.decisions import WorkspaceState

CARD, MAP, REJECTS = "README.md", "map.svg", "rejects.jsonl"
WHAT = {
    "train": "the kept records to train on",
    "validation": "kept records held out for validation",
    WEIGHTS: "how often to draw each record of the first file, in its order, 1 on average",
    REJECTS: "each record that was left out, with the reason and the kept record most like it",
    MANIFEST: "everything that makes the files of records again: `python -m core replay manifest.json`",
    MAP: "the records on a map, those alike near each other",
}
DATE = (1980, 1, 1, 0, 0, 0)  # of the files in a zip: the same content is the same zip


def dataset_files(
    session: Session, selection: Selection, state: WorkspaceState, shape: Shape, about: About
) -> dict[str, bytes]:
    """The folder's files by name. Raises as `curated_files`; nothing is written."""
    store, lens = session.store, selection.spec.lens
    curated = curated_files(selection, store, shape)
    splits = {Path(name).stem: name for name in curated if name != WEIGHTS}
    files = curated | {REJECTS: rejects_bytes(selection, store, spoken(session, state, lens))}
    files[MANIFEST] = manifest_json(selection, store, shape, curated).encode()
    files[MAP] = map_bytes(session, selection)
    what = {name: WHAT.get(name) or WHAT[Path(name).stem] for name in files}
    if len(splits) > 1:
        out = divided(selection, store, shape)[1]
        sizes = {"train": int((~out).sum()), "validation": int(out.sum())}
        what |= {name: f"{WHAT[split]}, {sizes[split]:,} of them" for split, name in splits.items()}
    lines = snippets(splits["train"], shape.format, shape.to, fields_of(selection, store, shape.to))
    readme = card(facts_of(session, selection, state, about), splits, what, lines)
    return {CARD: readme.encode(), **files}


def map_bytes(session: Session, selection: Selection) -> bytes:
    """The map of the selection's lens."""
    import numpy as np

    at, kept = session.projection(selection.spec.lens), np.zeros(session.store.n_samples, bool)
    kept[selection.rows] = True
    return map_svg(at["x"], at["y"], kept, "Map of the records").encode()


def write_dataset(files: Mapping[str, bytes], session: Session, folder: Path, force: bool = False) -> dict:
    """Write the files of `dataset_files` into a folder, made if absent; the manifest. Raises as `write_files`.

    Files of records that an earlier export left there, and this one has not, are removed: a held-out part would stand
    beside the new one's training data. One that was changed since is a person's own, and stays.
    """
    make_folder(folder)
    before = digests_in(folder / MANIFEST)
    write_files({folder / name: content for name, content in files.items()}, session.store, force)
    data = {path.resolve() for path in data_files(session.store)}
    for name in before.keys() - files.keys():
        left = folder / Path(name).name
        if left.is_file() and left.resolve() not in data and sha256(left.read_bytes()).hexdigest() == before[name]:
            with writing(left):
                left.unlink()
    return json.loads(files[MANIFEST])


def digests_in(manifest: Path) -> dict[str, str]:
    """The sha256 of each file of records that a manifest names; nothing where there is none."""
    try:
        return read_manifest(manifest)["files"]
    except SaelectError:
        return {}


def zipped(files: Mapping[str, bytes], folder: str) -> bytes:
    """The files as a zip that unpacks into a folder of that name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", DATE), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()
