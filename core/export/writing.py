"""How files of an export are written: none is replaced unless it is asked for, the data never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.errors import DataError
from core.export.manifest import same_manifest
from core.store.meta import data_of
from core.store.reader import FeatureStore
from core.system.files import replacing

MANIFEST = "manifest.json"


def write_files(files: Mapping[Path, bytes], store: FeatureStore, force: bool = False) -> None:
    """Write all of the files, or none where one of them must not be written.

    force: other files that stand there are replaced. Raises DataError for one that is among the data of the store, that
    is another file, or that cannot be written.
    """
    data = {path.resolve() for path in data_files(store)}
    for path in files:
        if path.exists() and path.resolve() in data:
            raise DataError(f"{path} is the data that was selected from: give another name.")
    for path, content in files.items():
        if not force and not replaceable(path, content):
            raise DataError(f"{path} exists and is another file: give another name, or --force to replace it.")
    for path, content in files.items():
        write_bytes(path, content)


def make_folder(folder: Path) -> None:
    """Make a folder where it is absent; raises DataError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror or error}.") from error


def replaceable(path: Path, content: bytes) -> bool:
    """Whether nothing is lost by writing; manifests of one export differ in when they were made."""
    if not path.exists() or (path.is_file() and path.read_bytes() == content):
        return True
    return path.name.endswith(MANIFEST) and path.is_file() and same_manifest(path, content)


def data_files(store: FeatureStore) -> Iterator[Path]:
    """The files of this machine that a store was made of: those named, those of folders, those that patterns match."""
    for source in data_of(store.meta):
        path = Path(source)
        yield from path.rglob("*") if path.is_dir() else [path, *path.parent.glob(path.name or "*")]


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by the content, or leave it as it was and raise DataError."""
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
