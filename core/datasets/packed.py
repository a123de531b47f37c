"""Compressed bytes, unpacked as they are read: gzip, bzip2, xz, Zstandard, told from the content, up to a limit."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from core.datasets.rows import BLOCK
from core.errors import DataError
from core.system.disk import writing
from core.system.files import cache_dir

LIMIT = "SAELECT_UNPACK_GB"  # environment variable: to how many GB one source may unpack
LEAST, TIMES = 4_000_000_000, 50  # without it: bytes, and times the packed size, whichever is more
BROKEN = (  # the last three are a zip's: its content, a version that there is not, a name
    EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError,
)  # fmt: skip


class _Zstandard:
    """pyarrow's stream, read in little pieces: a read of it that meets a break loses what it had got."""

    PIECE = 256  # bytes

    def __init__(self, stream: IO[bytes]) -> None:
        import pyarrow as pa

        self._opened = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")

    def read1(self, size: int) -> bytes:
        """At most `size` bytes; those before a break, at which the next call raises OSError."""
        pieces: list[bytes] = []
        try:
            while len(pieces) < size // self.PIECE and (piece := self._opened.read(self.PIECE)):
                pieces.append(piece)
        except OSError:
            if not pieces:
                raise
        return b"".join(pieces)


PACKED: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {  # first bytes -> what it is called, how it is read
    b"\x1f\x8b": ("gzip", lambda stream: gzip.GzipFile(fileobj=stream)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": ("Zstandard", _Zstandard),
}


def packing(head: bytes) -> bytes:
    """The first bytes of PACKED that a file begins with, nothing for one that is not compressed."""
    return next((magic for magic in PACKED if head.startswith(magic)), b"")


def limit_of(size: int) -> int:
    """To how many bytes a source of `size` bytes may unpack; raises DataError for a setting that is no number."""
    typed = os.environ.get(LIMIT, "")
    try:
        return int(float(typed) * 1e9) if typed else max(LEAST, TIMES * size)
    except (ValueError, OverflowError):
        raise DataError(f"{LIMIT} must be a number of GB, got {typed!r}.") from None


def require_within(name: object, n_bytes: int, size: int) -> None:
    """Raise DataError if a source of `size` bytes unpacks to `n_bytes`, which is too much."""
    if n_bytes > (limit := limit_of(size)):
        raise DataError(
            f"{name} unpacks to more than {limit / 1e9:g} GB, from {size / 1e9:.2g} GB, and may be made to fill the "
            f"disk: if it is not, set the environment variable {LIMIT} to the GB that you expect."
        )


def unpacked(stream: IO[bytes], magic: bytes, name: object, size: int) -> Iterator[bytes]:
    """The content in blocks; what `magic` says is compressed is unpacked.

    Raises one of BROKEN where compressed data breaks off or is damaged, DataError beyond the limit for `size` bytes.
    """
    if not magic:
        while block := stream.read(BLOCK):
            yield block
        return
    opened, total = PACKED[magic][1](stream), 0
    while block := _next(opened):
        require_within(name, total := total + len(block), size)
        yield block


def _next(opened: Any) -> bytes:
    try:
        return opened.read1(BLOCK)  # read1, since read() loses what precedes a break
    except OSError as error:  # bzip2 and Zstandard have no error of their own
        if error.errno is None and not isinstance(error, gzip.BadGzipFile):
            raise EOFError from error
        raise


@contextmanager
def on_disk(blocks: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """The content as a file to move about in; it is gone at the end of the block. Raises DiskError."""
    folder = cache_dir()
    with writing(folder), tempfile.TemporaryFile(dir=folder) as file:
        for block in blocks:
            file.write(block)
        file.seek(0)
        yield file
