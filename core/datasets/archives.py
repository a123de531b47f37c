"""Zip and tar archives: their members are read where they are, one at a time, and never written under their names."""

from __future__ import annotations

import tarfile
import weakref
import zipfile
from collections import Counter
from contextlib import ExitStack
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.datasets.packed import BROKEN, on_disk, packing, require_within, unpacked
from core.errors import DataError

ZIP = b"PK\x03\x04"
TAR, TAR_AT = b"ustar", 257  # these bytes of a tar, and where they stand
MOST = 100_000  # members
RARE = 0b1100001  # flags of a member: encrypted, patched, strongly encrypted
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


class Archive:
    """An archive, held open as long as the object lives.

    names: the files in it, of those of one name the last, as unpacking would leave it; empty: which of them are;
    repeated: which stand there more than once; links: those that point elsewhere, which are not followed; cut: whether
    a tar lacks its end mark.
    Raises DataError for one that is damaged or encrypted, that unpacks to too much, or has too many members.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.names: list[str] = []
        self.links: list[str] = []
        self.empty: set[str] = set()
        self.repeated: list[str] = []
        self.cut = False
        self._open = ExitStack()
        weakref.finalize(self, self._open.close)
        try:
            self._archive = _zip(path) or self._tar()
            self._open.callback(self._archive.close)
            self._list(self._archive)
        except (tarfile.TarError, *BROKEN) as error:
            raise DataError(f"{path} is a damaged archive: fetch it again.") from error

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens it anew."""
        return Archive, (self.path,)

    def _tar(self) -> tarfile.TarFile:
        raw: IO[bytes] = self._open.enter_context(self.path.open("rb"))
        magic = packing(raw.read(8))
        raw.seek(0)
        if magic:  # members are looked for by their place: unpacked once, they are found at once
            raw = self._open.enter_context(on_disk(unpacked(raw, magic, self.path, self.size)))
        return tarfile.open(fileobj=raw, mode="r:")

    def _list(self, archive: zipfile.ZipFile | tarfile.TarFile) -> None:
        if isinstance(archive, zipfile.ZipFile):
            members = archive.infolist()
            require_within(self.path, sum(m.file_size for m in members), self.size)  # zipfile reads no more of each
            if any(m.flag_bits & RARE or m.compress_type not in METHODS for m in members):
                raise DataError(f"{self.path} is encrypted or packed in a rare way: unpack it, and name the folder.")
            found = [(m.filename, _kind(m.is_dir(), m.external_attr >> 28 != 0o12), m.file_size) for m in members]
        else:
            found = [(m.name, _kind(m.isdir(), m.isfile()), m.size) for m in islice(archive, MOST + 1)]
            self.cut = not _ends(archive)
        if len(found) > MOST:
            raise DataError(f"{self.path} holds more than {MOST:,} files: unpack it, and join them.")
        last = {name: (kind, size) for name, kind, size in found}
        self.names, self.links = ([n for n in last if last[n][0] == kind] for kind in ("file", "link"))
        self.empty = {name for name in self.names if not last[name][1]}
        times = Counter(name for name, *_ in found)
        self.repeated = [name for name in self.names if times[name] > 1]

    def open(self, name: str) -> IO[bytes]:
        """A member's bytes, as a file."""
        if isinstance(self._archive, zipfile.ZipFile):
            return self._archive.open(name)
        file = self._archive.extractfile(name)
        assert file, "only names of files are opened"
        return file


def _kind(is_folder: bool, is_file: bool) -> str:
    return "folder" if is_folder else "file" if is_file else "link"


def _ends(archive: tarfile.TarFile) -> bool:
    """Whether a tar whose members were gone through has its end mark there, a block of zeros."""
    assert archive.fileobj
    archive.fileobj.seek(archive.offset)
    return archive.fileobj.read(tarfile.BLOCKSIZE) == bytes(tarfile.BLOCKSIZE)


def _zip(path: Path) -> zipfile.ZipFile | None:
    with path.open("rb") as raw:
        return zipfile.ZipFile(path) if raw.read(len(ZIP)) == ZIP else None


def is_archive(path: Path) -> bool:
    """Whether a file is a tar, compressed or not, or a zip; spreadsheets and other documents are zips, and none."""
    with path.open("rb") as raw:
        magic = packing(raw.read(8))
        raw.seek(0)
        try:
            head = next(unpacked(raw, magic, path, path.stat().st_size), b"")
            found = _zip(path) if head.startswith(ZIP) else None
        except BROKEN:
            return False
    if not found:
        return head[TAR_AT:].startswith(TAR)
    with found:
        return {"[Content_Types].xml", "mimetype"}.isdisjoint(found.namelist())


def hidden(name: str) -> bool:
    """Whether a file is none that a person put there: .DS_Store, __MACOSX."""
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in PurePosixPath(name).parts)
