"""The commands that write files for training, and write them again."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, tell
from core.cli.options import AsJson, Asked, Force, Options, Store, request, takes
from core.errors import SelectionError
from core.export.settings import About, Shape
from core.schema import Selection, SelectionSpec
from core.system.files import store_at
from core.system.shown import many, shown_path

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.decisions import WorkspaceState

StoreOrNone = Annotated[
    Path | None,
    typer.Option("--store", parser=store_at, metavar="STORE", help="Default: beside the manifest, or in the cache."),
]


def replay(
    manifest: Path,
    out: Annotated[Path | None, typer.Option(help="Where to write the file, or the folder for several.")] = None,
    store: StoreOrNone = None,
) -> None:
    """Reproduce the exported files of a manifest, and check that they are the same.

    Example: python -m core replay curated.manifest.json
    """
    from core.export.folder import replay as run

    print(run(manifest, out, store))


@takes(spec=Options(SelectionSpec), shape=Options(Shape, without=("format",)), about=Options(About))
def export(
    store: Store,
    spec: Asked,
    shape: Asked,
    about: Asked,
    out: Annotated[
        Path | None, typer.Option(help="One curated file; rejects and manifest are written beside it.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="A data set: records, rejects, manifest, data card and map in a folder.")
    ] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="With --folder: as FOLDER.zip instead.")] = False,
    push: Annotated[
        str, typer.Option("--push-to-hub", metavar="NAME/DATA-SET", help="Upload the data set, after asking.")
    ] = "",
    private: Annotated[
        bool, typer.Option("--private", help="The uploaded data set is seen by its owner alone.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before uploading.")] = False,
    saved: Annotated[str, typer.Option(help="A selection saved under this name, instead of the options.")] = "",
    format: Annotated[str, typer.Option(help="jsonl, json, parquet or csv. Default: as the file's name ends.")] = "",
    rejects: Annotated[
        bool, typer.Option(help="With --out: write why each other sample is left out, which takes long for a million.")
    ] = True,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Select, then write the curated file with rejects and manifest, or a data set that is ready to publish.

    Example: python -m core export --store cache/KEY.duckdb --budget 500 --out curated.jsonl

    Example: python -m core export --store cache/KEY.duckdb --budget 500 --folder my-data --license cc-by-4.0
    """
    check_places(out, folder, push, as_zip, {**shape, **about})
    from core.export.formats import format_of

    session, workspace, wanted = request(store, **spec)
    state = workspace.state()
    if saved:
        wanted = saved_spec(state.selections, saved)
    chosen, asked = session.selection(wanted), Shape(**shape, format=format or (format_of(out) if out else "jsonl"))
    if out:
        write_one(session, chosen, state, asked, out, force, as_json, rejects)
        return
    files = data_set(session, chosen, state, asked, About(**about))
    if folder:
        write_data_set(files, session, folder, as_zip, force)
    if as_json:
        machine(json.loads(files["manifest.json"]))
    if push:
        publish(files, push, private, force, yes)


@takes(spec=Options(SelectionSpec))
def atlas(
    store: Store,
    spec: Asked,
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    force: Force = False,
) -> None:
    """Select, then write all samples with their places on the map for Apple's embedding-atlas.

    Example: python -m core atlas --store cache/KEY.duckdb --budget 500 --out atlas.parquet
    """
    from core.export.atlas import OPENED, atlas_bytes
    from core.export.facts import spoken
    from core.export.writing import write_files

    session, workspace, wanted = request(store, **spec)
    chosen = session.selection(wanted)
    content = atlas_bytes(session, chosen, spoken(session, workspace.state(), wanted.lens))
    write_files({out: content}, session.store, force)
    print(
        f"{many(session.store.n_samples, 'sample')} → {shown_path(out)}; to open it: {OPENED.format(shown_path(out))}"
    )


def check_places(out: Path | None, folder: Path | None, push: str, as_zip: bool, asked: dict[str, Any]) -> None:
    """Raise SelectionError unless it is clear where to write, and what is asked for can be written there."""
    if bool(out) == bool(folder or push):
        raise SelectionError("Say where to write: --out FILE, or --folder FOLDER, --push-to-hub NAME/DATA-SET or both.")
    if as_zip and not folder:
        raise SelectionError("--zip needs --folder FOLDER: the file is FOLDER.zip.")
    defaults = {f.name: f.default for f in (*fields(Shape), *fields(About))}
    changed = [name for name, value in asked.items() if value != defaults[name] and name not in ("order", "to")]
    if out and changed:
        raise SelectionError(f"--{changed[0].replace('_', '-')} is for a whole data set: give --folder, not --out.")


def write_one(
    session: Session,
    chosen: Selection,
    state: WorkspaceState,
    shape: Shape,
    out: Path,
    force: bool,
    as_json: bool,
    rejects: bool,
) -> None:
    """One curated file with what belongs beside it, and the lines that load it."""
    from core.export.facts import spoken
    from core.export.folder import export as write
    from core.export.formats import fields_of, format_of
    from core.export.snippets import snippets

    names = spoken(session, state, chosen.spec.lens)
    manifest = write(chosen, session.store, out, shape.format, shape.order, names, shape.to, force, rejects)
    if as_json:
        machine(manifest)
        return
    what = "" if format_of(out, "") == shape.format else f" as {shape.format}"
    print(f"{many(manifest['n_records'], 'record')}{what} → {shown_path(out)}")
    for each in snippets(str(out), shape.format, shape.to, fields_of(chosen, session.store, shape.to)):
        print(f"\n{each.trainer}:\n\n{each.text.rstrip()}")


def data_set(
    session: Session, chosen: Selection, state: WorkspaceState, shape: Shape, about: About
) -> dict[str, bytes]:
    """The files of the data set, and a word on how many records they hold."""
    from core.export.dataset import dataset_files

    files = dataset_files(session, chosen, state, shape, about)
    tell(f"{many(len(chosen.rows), 'record')}, {many(len(files), 'file')}: {', '.join(files)}")
    return files


def write_data_set(files: dict[str, bytes], session: Session, folder: Path, as_zip: bool, force: bool) -> None:
    """The data set as a folder or as a zip of it; where it lies is told beside the output."""
    from core.export.dataset import write_dataset, zipped
    from core.export.writing import write_files

    if not as_zip:
        others = {path.name for path in folder.glob("*")} - set(files)
        write_dataset(files, session, folder, force)
        if others:
            tell(f"Not of this export, and left as it was: {', '.join(sorted(others))}")
        tell(f"→ {shown_path(folder)}, for `load_dataset({str(folder)!r})` of datasets")
        return
    folder = folder.resolve()
    path = folder.with_name(f"{folder.name}.zip")
    write_files({path: zipped(files, folder.name)}, session.store, force)
    tell(f"→ {shown_path(path)}")


def publish(files: dict[str, bytes], repo: str, private: bool, force: bool, yes: bool) -> None:
    """Upload the data set after asking, and tell its address; raises SelectionError for a no."""
    from core.export.upload import hub_address, upload

    size = sum(map(len, files.values())) / 1e6
    tell(f"{many(len(files), 'file')}, {size:.1f} MB, to {hub_address()}/datasets/{repo}: "
         f"{'private' if private else 'public, for everybody to see'}.")  # fmt: skip
    if not (yes or typer.confirm("Upload them?", err=True)):
        raise SelectionError("Nothing was uploaded: answer y, or give --yes.")
    tell(f"Uploaded: {upload(files, repo, private, force)}")


def saved_spec(known: dict[str, Any], name: str) -> SelectionSpec:
    """A selection of the workspace by name; raises SelectionError if none is saved under it."""
    from core.selection.specs import spec_from

    if name not in known:
        have = f"saved are {', '.join(known)}" if known else "none is saved"
        raise SelectionError(f"No selection is saved as {name!r}: {have}.")
    return spec_from(known[name])
