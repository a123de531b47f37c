"""Files by address, s3://bucket/part-*.jsonl or another that fsspec knows: copied into the cache when they are read."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from core.errors import DataError, SaelectError
from core.system.files import cache_dir, replacing

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://.+", re.IGNORECASE)


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address, with what RecordFile asks of a path. Whoever first reads it copies it into the cache, so
    that on a cluster each machine fetches those that it reads.

    state: what the storage says of it, by which a changed file is known.
    """

    address: str
    state: str

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rsplit("/", 1)[-1]

    def exists(self) -> bool:
        """It was there when it was found."""
        return True

    is_file = exists

    def open(self, mode: str) -> BufferedReader:
        """The copy, opened."""
        return self.copy().open(mode)  # type: ignore[return-value]  # it is only read

    def stat(self) -> Any:
        """The size and times of the copy."""
        return self.copy().stat()

    def copy(self) -> Path:
        """The copy in the cache, fetched if it is not there; raises DataError if it cannot be, DiskError for the disk.

        Nobody removes copies: the folder `remote` of the cache may be emptied at any time.
        """
        mark = hashlib.sha256(f"{self.address} {self.state}".encode()).hexdigest()[:16]
        path = cache_dir("remote") / f"{mark}-{self.name}"
        if not path.exists():
            with reached(self.address), replacing(path) as temporary:
                storage, within = storage_of(self.address)
                storage.get_file(within, str(temporary))
        return path


def is_address(source: str) -> bool:
    """Whether a source is an address and no path."""
    return ADDRESS.fullmatch(source) is not None


def remote_files(source: str) -> list[RemoteFile]:
    """The files at an address, below it where it is a folder, or those that a pattern fits; raises DataError."""
    with reached(source):
        storage, within = storage_of(source)
        if glob.has_magic(within):
            paths = storage.glob(within)
        else:
            paths = storage.find(within) if storage.isdir(within) else [within]
        return [RemoteFile(storage.unstrip_protocol(path), str(storage.ukey(path))) for path in paths]


def storage_of(address: str) -> tuple[Any, str]:
    """fsspec's file system of an address, and the path in it."""
    import fsspec

    return fsspec.url_to_fs(address)


@contextmanager
def reached(address: str) -> Iterator[None]:
    """What a storage or its library raises becomes a DataError that names the address."""
    try:
        yield
    except SaelectError:
        raise
    except ImportError as error:
        raise DataError(f"{address} needs a package that is not installed: {error}.") from error
    except Exception as error:  # each storage's library raises errors of its own
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{address} cannot be read: {said}.") from error
