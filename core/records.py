"""Records out of files: the container and the encoding are told from the content, never from the name.

A container is added by writing one function `RecordFile -> Iterator[(position, record or BadRow)]` and one entry in
`READERS`. Rows are counted from 0, as in `Sample.row`; lines from 1, as in editors.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.json_stream import BLOCK, BadRow, Record, json_array, reason_of, shorten, unfinished
from core.system.hub import hub_reachable

UNREADABLE = {  # first bytes -> what the file is and what to do with it
    b"PK\x03\x04": "a zip archive (or a spreadsheet): unpack it, or save it as CSV or JSON Lines",
    b"BZh": "a bzip2 archive: unpack it",
    b"\xfd7zXZ": "an xz archive: unpack it",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive: unpack it",
    b"ARROW1": "an Arrow file: save it as Parquet",
    b"%PDF": "a PDF: give the data itself",
    b"version https://git-lfs": "a Git LFS pointer, not the data: fetch it with `git lfs pull`",
    b"<": "a web page or XML, not data: check the address that it was downloaded from",
}
RECORD_FIELDS = {"conversations", "conversation", "messages", "instruction", "prompt", "question"}
HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<config>[\w.-]+))?(?::(?P<split>[\w.\[\]%:+-]+))?")
_LIST_OF_OBJECTS = re.compile(r'\{\s*"([^"\\]*)"\s*:\s*\[\s*\{')
FILE_SUFFIX = re.compile(r"\.(jsonl?|csv|tsv|txt|gz|parquet|ndjson)$", re.IGNORECASE)


@dataclass
class RecordFile:
    """The records of a file or hub id, to be iterated once; `truncated_at` is known when that is done."""

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

    def __iter__(self) -> Iterator[Record]:
        try:
            yield from READERS[self.format](self)
        except OSError as error:
            raise DataError(f"{self.source} cannot be read: {error.strerror or error}.") from error

    def _identify(self) -> None:
        if self.path.exists() and not self.path.is_file():
            raise DataError(f"{self.source} is a folder or a device: name one file.")
        if not self.path.exists():
            _check_hub(str(self.source))
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
        """The content as text, in chunks, line ends untouched."""
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
            return "JSON Lines" if RECORD_FIELDS & json.loads(text).keys() else "JSON object"
        wraps = (match := _LIST_OF_OBJECTS.match(text)) and match[1] not in RECORD_FIELDS
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


def _lines(file: RecordFile) -> Iterator[str]:
    """Lines with their ends; only a line feed ends one, since JSON strings may hold the other separators."""
    parts: list[str] = []
    number = 1
    for chunk in file.text():
        *whole, rest = chunk.split("\n")
        for piece in whole:
            yield "".join([*parts, piece, "\n"])
            parts.clear()
        number += len(whole)
        parts.append(rest)
    last = "".join(parts)
    if last and file.truncated_at:  # the gzip data broke off: the line may look whole and is not
        file.truncated_at = f"line {number}"
    elif last:
        yield last


def _json_lines(file: RecordFile) -> Iterator[Record]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            yield where, json.loads(line)
        except (ValueError, RecursionError) as error:
            cut = isinstance(error, json.JSONDecodeError) and unfinished(error) and not line.endswith("\n")
            if cut:
                file.truncated_at = where
            else:
                yield where, BadRow(where, reason_of(error), value=shorten(line))


def _json_object(file: RecordFile) -> Iterator[Record]:
    """One object: itself a record, or around one list of records."""
    try:
        value = json.loads("".join(file.text()))
    except (ValueError, RecursionError) as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(f"{file.source} holds one JSON object and is {reason_of(error)}{at}.") from error
    lists = [k for k, v in value.items() if isinstance(v, list) and v and all(isinstance(r, dict) for r in v)]
    if RECORD_FIELDS & value.keys() or not lists:
        lists, value = ["record"], {"record": [value]}
    if len(lists) > 1:
        raise DataError(f"{file.source} holds several lists ({', '.join(lists)}): save the wanted one alone.")
    yield from ((f"row {row}", record) for row, record in enumerate(value[lists[0]]))


def _csv(file: RecordFile) -> Iterator[Record]:
    csv.field_size_limit(sys.maxsize)
    first = next(filter(str.strip, _lines(file)))
    delimiter = max(",;\t", key=lambda mark: len(next(csv.reader([first.replace("\r", "")], delimiter=mark))))
    reader = csv.reader(_lines(file), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        where = f"line {reader.line_num + 1}"
        try:
            values = next(reader, None)
        except csv.Error as error:
            problem = f"not valid CSV ({error})"
            if "end of data" in str(error) and file.truncated_at:
                file.truncated_at = where
                return
            if "end of data" in str(error):
                problem = (
                    f"a quote is not closed, so that the {reader.line_num} lines to the end of the file are one row"
                )
            yield where, BadRow(where, problem)
            continue
        if values is None:
            return
        if not header:
            header = _csv_header(file, values)
        elif len(values) == len(header):
            yield where, dict(zip(header, values, strict=True))
        elif values:
            problem = f"{len(values)} values where the first line names {len(header)} columns"
            yield where, BadRow(where, problem, value=shorten(values))


def _csv_header(file: RecordFile, names: list[str]) -> list[str]:
    if len(names) == 1:
        raise DataError(f"{file.source} is not JSON, JSON Lines, Parquet or CSV with at least two columns.")
    if len(set(names)) < len(names):
        raise DataError(f"{file.source} names a column twice in its first line: {shorten(names)}.")
    return names


def _parquet(file: RecordFile) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file.path) as table:
            rows = (record for batch in table.iter_batches(1024) for record in batch.to_pylist())
            yield from ((f"row {row}", record) for row, record in enumerate(rows))
    except pa.ArrowException as error:
        raise DataError(f"{file.source} is a damaged or incomplete Parquet file: fetch it again.") from error


def _check_hub(source: str) -> None:
    """Raise unless `source` looks like a hub id and the hub, or a local copy, can answer."""
    match = HUB_ID.fullmatch(source)
    if not match or FILE_SUFFIX.search(source):
        raise DataError(
            f"{source} does not exist: check the path, or give a hub id such as org/name or org/name:split."
        )
    if not _in_hub_cache(match["name"]) and not hub_reachable():
        raise DataError(
            f"{source} is no file here, and the Hugging Face hub cannot be reached: download the data first."
        )


def _in_hub_cache(name: str) -> bool:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_DATASETS_CACHE") or home / "datasets")
    kept = {folder.name.replace("_", "").lower() for folder in cache.glob("*___*")}  # OpenOrca is kept as open_orca
    return name.replace("/", "").replace("_", "").lower() in kept


def _load_hub(name: str, config: str | None, split: str) -> Any:
    """The rows of a hub data set; out of the cache at once, not after 23 s of retries, when the hub is unreachable."""
    import datasets
    import huggingface_hub

    offline = not hub_reachable()
    settings = (datasets.config, huggingface_hub.constants)
    before = [module.HF_HUB_OFFLINE for module in settings]
    try:
        for module, was in zip(settings, before, strict=True):
            module.HF_HUB_OFFLINE = was or offline
        return datasets.load_dataset(name, config, split=split)
    finally:
        for module, was in zip(settings, before, strict=True):
            module.HF_HUB_OFFLINE = was


def _hub(file: RecordFile) -> Iterator[Record]:
    name, config, split = HUB_ID.fullmatch(str(file.source)).groups()
    try:
        rows = _load_hub(name, config, split or "train")
    except Exception as error:  # the library raises errors of many libraries beneath it
        cause = " ".join(str(error).split())[:200]
        raise DataError(f"{file.source} cannot be loaded from the Hugging Face hub: {cause}") from error
    yield from ((f"row {row}", record) for row, record in enumerate(rows))


READERS: dict[str, Callable[[RecordFile], Iterator[Record]]] = {
    "JSON array": json_array,
    "JSON Lines": _json_lines,
    "JSON object": _json_object,
    "CSV": _csv,
    "Parquet": _parquet,
    "Hugging Face hub": _hub,
}
