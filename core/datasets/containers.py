"""A file of records: its container and its encoding, told from the content, never from the name.

A new container is told apart in `RecordFile`, by one branch that names it, and read by its entry in `readers.READERS`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from core.datasets.archives import Archive
from core.datasets.hub_rows import check_hub
from core.datasets.json_window import Window, around_records, is_record
from core.datasets.packed import BROKEN, PACKED, on_disk, packing, unpacked
from core.datasets.remote import RemoteFile
from core.datasets.rows import BLOCK
from core.errors import DataError

UNREADABLE = {  # first bytes -> what the file is and what to do with it
    b"PK\x03\x04": "a zip archive in another file, a spreadsheet or a document: unpack it, or save it as CSV",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"Rar!": "a RAR archive: unpack it",
    b"\x04\x22\x4d\x18": "packed by lz4: unpack it",
    b"]\x00\x00": "packed by lzma: unpack it, or pack it by xz",
    b"\x1f\x9d": "packed by compress: unpack it",
    b"FEA1": "a Feather file of version 1: save it as Parquet",
    b"%PDF": "a PDF: give the data itself",
    b"version https://git-lfs": "a Git LFS pointer, not the data: fetch it with `git lfs pull`",
    b"<": "a web page or XML, not data: check the address that it was downloaded from",
}
BINARY = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff\xff\xff\xff": "Arrow"}


@dataclass
class RecordFile:
    """A file or hub id that holds records; `truncated_at` is known once `readers.records` has gone through it.

    Making one raises DataError for what is no file of data: a folder, an archive, a page of the web, nothing at all.
    """

    source: str | Path  # as it is named in messages
    path: Path | RemoteFile = None  # type: ignore[assignment]  # where it is, or its archive; by default the source
    archive: Archive | None = None
    member: str = ""
    label: str = ""  # which one it is among others: its name
    format: str = ""
    encoding: str = ""
    damaged: bool = False  # some bytes are not UTF-8: they are decoded to U+DC80..U+DCFF
    magic: bytes = b""  # of the compression, one of packed.PACKED
    truncated_at: str | None = None
    apart: bool = False  # each row is a sample of its own, in columns that were named, and no turn of a conversation
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = self.path or Path(self.source)
        self.label = self.label or self.member or (self.path.name if self.path.exists() else str(self.source))
        try:
            self._identify()
        except OSError as error:
            raise DataError(f"{self.source} cannot be read: {error.strerror or error}.") from error

    def _identify(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise DataError(f"{self.source} is a folder or a device: name a file.")
        if not self.path.exists():
            check_hub(str(self.source))
            self.format = "Hugging Face hub"
            return
        self.magic = packing(next(self.blocks(), b""))
        head = b"".join(_first(self.blocks()))
        if not head.strip():
            damaged = f"has damaged {self.packing} data: fetch it again" if self.truncated_at else ""
            raise DataError(f"{self.source} {damaged or 'is empty: it holds no rows'}.")
        for magic, what in UNREADABLE.items():
            if head.lstrip().startswith(magic):
                raise DataError(f"{self.source} is {what}.")
        self.format = next((name for magic, name in BINARY.items() if head.startswith(magic)), "")
        if self.format:
            self.truncated_at = None
            return
        self._find_encoding(head)
        self.format = self._text_format("".join(_first(self.text())))
        self.truncated_at = None

    @property
    def packing(self) -> str:
        """What the content is compressed by, nothing if it is not."""
        return PACKED[self.magic][0] if self.magic else "zip" if self.archive else ""

    def opened(self) -> IO[bytes]:
        """The file's own bytes, still compressed."""
        return self.archive.open(self.member) if self.archive else self.path.open("rb")

    def blocks(self) -> Iterator[bytes]:
        """The content, unpacked; compressed data that breaks off ends it and sets `truncated_at`."""
        try:
            with self.opened() as raw:
                yield from unpacked(raw, self.magic, self.source, self.path.stat().st_size)
        except BROKEN:
            self.truncated_at = f"its {self.packing} data"

    @contextmanager
    def whole(self) -> Iterator[IO[bytes]]:
        """The unpacked content as a file to move about in."""
        if self.magic or self.archive:
            with on_disk(self.blocks()) as file:
                yield file
        else:
            with self.path.open("rb") as file:
                yield file

    def text(self) -> Iterator[str]:
        """The content as text, in chunks, line ends untouched; raises DataError for bytes that the encoding has not."""
        errors = "surrogateescape" if self.encoding.startswith("utf-8") else "surrogatepass"
        if self.encoding in ("cp1252", "latin-1"):
            errors = "strict"
        decoder = codecs.getincrementaldecoder(self.encoding)(errors)
        try:
            for block in self.blocks():
                yield decoder.decode(block)
        except UnicodeDecodeError as error:
            raise DataError(f"{self.source} is not valid {self.encoding}: save it as UTF-8.") from error
        yield decoder.getstate()[0].decode("ascii", "surrogateescape")  # half a character at the end is not dropped

    def _find_encoding(self, head: bytes) -> None:
        self.encoding = json.detect_encoding(head)  # byte-order marks, and UTF-16 or UTF-32 without one
        if self.encoding != "utf-8":
            self.warnings.append(f"{self.source} was decoded from {self.encoding}, not plain UTF-8.")
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for block in self.blocks():
                decoder.decode(block)
            valid = not decoder.getstate()[0]
        except UnicodeDecodeError:
            valid = False
        if not valid:
            self._find_legacy_encoding()

    def _find_legacy_encoding(self) -> None:
        """Not UTF-8. Without one valid multi-byte sequence it is Windows-1252; with some it is damaged UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        foreign = re.compile(r"[^\x00-\x7f\udc80-\udcff]")
        undefined = False
        for block in self.blocks():
            if foreign.search(decoder.decode(block)):
                self.damaged = True
                return
            undefined = undefined or re.search(rb"[\x81\x8d\x8f\x90\x9d]", block) is not None
        self.encoding = "latin-1" if undefined else "cp1252"
        self.warnings.append(
            f"{self.source} is not UTF-8 and was decoded as {self.encoding}: save it as UTF-8 if letters look wrong."
        )

    def _text_format(self, head: str) -> str:
        text = head.lstrip()
        if not text:
            raise DataError(f"{self.source} is empty: it holds no rows.")
        if text[0] == "[":
            return "JSON array"
        lines = [line for line in text.split("\n") if line.strip()][:20]
        if text[0] == "{":
            return self._object_format(lines, text)
        if any(map(_is_object, lines)):
            return "JSON Lines"
        if "\x00" in lines[0] and self.truncated_at:
            raise DataError(f"{self.source} breaks off in {self.truncated_at}, and is no text: fetch it again.")
        if "\x00" in lines[0]:
            raise DataError(f"{self.source} is a binary file: give JSON, JSON Lines, CSV or Parquet.")
        return "CSV"

    def _object_format(self, lines: list[str], text: str) -> str:
        """JSON Lines, or one object over several lines; a broken first line must not hide the lines after it."""
        if len(lines) == 1:  # one record, or one object around all of them; more than a block, it is not whole here
            around = (
                not is_record(json.loads(text))
                if _is_object(text)
                else around_records(Window(self.text(), self.source))
            )
            return "JSON object" if around else "JSON Lines"
        if _is_object(lines[0]):
            return "JSON Lines"
        opens_list = lines[0].rstrip().endswith(("[", "{"))
        return "JSON Lines" if not opens_list and any(map(_is_object, lines[1:])) else "JSON object"


def _first(chunks: Iterator) -> Iterator:
    """As many chunks as make a block: those of a gzip file can be small."""
    size = 0
    for chunk in chunks:
        yield chunk
        if (size := size + len(chunk)) >= BLOCK:
            return


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
