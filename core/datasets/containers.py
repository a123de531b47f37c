"""A file of records: its container and its encoding, told from the content, never from the name.

A new container is told apart in `RecordFile`, by one branch that names it, and read by its entry in `readers.READERS`.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.datasets.hub_rows import check_hub
from core.datasets.layouts.names import fold
from core.datasets.rows import BLOCK
from core.errors import DataError

UNREADABLE = {  # first bytes -> what the file is and what to do with it
    b"PK\x03\x04": "a zip archive (or a spreadsheet): unpack it, or save it as CSV or JSON Lines",
    b"BZh": "a bzip2 archive: unpack it",
    b"\xfd7zXZ": "an xz archive: unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive: unpack it",
    b"ARROW1": "an Arrow file: save it as Parquet",
    b"\xff\xff\xff\xff": "an Arrow file (datasets' save_to_disk): save it as Parquet, load_from_disk(…).to_parquet(…)",
    b"%PDF": "a PDF: give the data itself",
    b"version https://git-lfs": "a Git LFS pointer, not the data: fetch it with `git lfs pull`",
    b"<": "a web page or XML, not data: check the address that it was downloaded from",
}
RECORD_FIELDS = {  # of which one tells a record from an object around a list of records
    "conversations", "conversation", "messages", "contents", "segments", "instruction", "prompt", "question", "chosen",
    "completion", "replies",
}  # fmt: skip
SAVED = ("state.json", "dataset_dict.json")  # what a folder of datasets' save_to_disk holds
_LIST_OF_OBJECTS = re.compile(r'\{\s*"([^"\\]*)"\s*:\s*\[\s*\{')


@dataclass
class RecordFile:
    """A file or hub id that holds records; `truncated_at` is known once `readers.records` has gone through it.

    Making one raises DataError for what is no file of data: a folder, an archive, a page of the web, nothing at all.
    """

    source: str | Path
    format: str = ""
    encoding: str = ""
    damaged: bool = False  # some bytes are not UTF-8: they are decoded to U+DC80..U+DCFF
    gzipped: bool = False
    truncated_at: str | None = None
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = Path(self.source)
        try:
            self._identify()
        except OSError as error:
            raise DataError(f"{self.source} cannot be read: {error.strerror or error}.") from error

    @property
    def name(self) -> str:
        """The file's name, without its folders; a hub id as it is."""
        return self.path.name if self.path.exists() else str(self.source)

    def _identify(self) -> None:
        if self.path.exists() and not self.path.is_file():
            saved = any((self.path / name).is_file() for name in SAVED)
            what = (
                "a folder of datasets' save_to_disk: save it as Parquet, load_from_disk(…).to_parquet(…), and name that"
                if saved
                else "a folder or a device: name one file"
            )
            raise DataError(f"{self.source} is {what}.")
        if not self.path.exists():
            check_hub(str(self.source))
            self.format = "Hugging Face hub"
            return
        with self.path.open("rb") as handle:
            self.gzipped = handle.read(2) == b"\x1f\x8b"
        head = b"".join(_first(self.blocks()))
        if not head.strip():
            raise DataError(
                f"{self.source} {'has damaged gzip data' if self.truncated_at else 'is empty'}: it holds no rows."
            )
        for magic, what in UNREADABLE.items():
            if head.lstrip().startswith(magic):
                raise DataError(f"{self.source} is {what}.")
        if head.startswith(b"PAR1"):
            self.format = "Parquet"
            return
        self._find_encoding(head)
        self.format = self._text_format("".join(_first(self.text())))
        self.truncated_at = None

    def blocks(self) -> Iterator[bytes]:
        """The content, unpacked; gzip data that breaks off ends it and sets `truncated_at`."""
        with self.path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if self.gzipped else raw
            try:
                while block := stream.read1(BLOCK):  # read1, since read() loses what precedes a break
                    yield block
            except (EOFError, zlib.error, gzip.BadGzipFile):
                self.truncated_at = "its gzip data"

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
            return _object_format(lines, text)
        if any(map(_is_object, lines)):
            return "JSON Lines"
        if "\x00" in lines[0]:
            raise DataError(f"{self.source} is a binary file: give JSON, JSON Lines, CSV or Parquet.")
        return "CSV"


def is_record(value: dict) -> bool:
    """Whether an object is a record, and none around a list of records."""
    return not RECORD_FIELDS.isdisjoint(map(fold, value))


def _first(chunks: Iterator) -> Iterator:
    """As many chunks as make a block: those of a gzip file can be small."""
    size = 0
    for chunk in chunks:
        yield chunk
        if (size := size + len(chunk)) >= BLOCK:
            return


def _object_format(lines: list[str], text: str) -> str:
    """JSON Lines, or one object over several lines; a broken first line must not hide the lines after it."""
    if len(lines) == 1:  # one record, or one object around all of them
        if _is_object(text):
            return "JSON Lines" if is_record(json.loads(text)) else "JSON object"
        wraps = (match := _LIST_OF_OBJECTS.match(text)) and not is_record({match[1]: None})
        return "JSON object" if wraps else "JSON Lines"
    if _is_object(lines[0]):
        return "JSON Lines"
    opens_list = lines[0].rstrip().endswith(("[", "{"))
    return "JSON Lines" if not opens_list and any(map(_is_object, lines[1:])) else "JSON object"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
