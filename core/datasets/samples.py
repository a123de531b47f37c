"""Instruction data in: read any supported file or hub id into samples.

How a record says who speaks is told in `layouts`; what a file holds, in `containers` and `readers`; `writers` writes
raw records back.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.containers import RecordFile
from core.datasets.layouts.columns import Columns, RowError
from core.datasets.layouts.names import IDS, SOURCES, find
from core.datasets.layouts.registry import messages
from core.datasets.originals import JsonText, json_text
from core.datasets.readers import hint, records
from core.datasets.remote import RemoteFile
from core.datasets.rows import BadRow, Record
from core.datasets.sources import files_of, some
from core.datasets.threads import rebuilt
from core.errors import DataError
from core.schema import Sample, named

MOST_TOLD = 1000  # bad rows of which the report says more than that they are there
MOST_NAMED = 20  # columns in a sentence
SCORE = re.compile(r"(score|quality|rating|reward|complexity)$", re.IGNORECASE)


@dataclass
class ReadReport:
    """What was read and what was not, complete once the reader is exhausted. Rows count from 0, lines from 1."""

    rows_read: int = 0  # good and bad ones; a last row that is cut off is not counted
    skipped: list[BadRow] = field(default_factory=list)  # the first MOST_TOLD of them
    n_skipped: int = 0
    n_duplicates: int = 0  # samples whose turns equal those of an earlier one; they are kept
    n_blank_responses: int = 0  # among the skipped
    columns: list[str] = field(default_factory=list)  # all that the records have
    parts: dict[str, str] = field(default_factory=dict)  # part (prompt, response, …): column it was mostly read from
    columns_read: list[str] = field(default_factory=list)
    columns_unread: dict[str, int] = field(default_factory=dict)  # columns of text in no turn, and in how many rows
    truncated_at: str | None = None
    encoding: str = ""
    format: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """Where one of several files begins: its place among them, and the numbers of its first row and first sample."""

    file: int = 0
    row: int = 0
    sample: int = 0


class SampleReader(Iterator[Sample]):
    """The samples of a file or hub id, read as they are asked for; `report` tells what was skipped.

    files: what is read, in order; starts: where each of those that were begun begins. With a `start` the source is
    such files, and reading begins with that one.
    """

    def __init__(
        self,
        source: Any,
        columns: Mapping[str, str] | None = None,
        skip_bad: bool = False,
        limit: int | None = None,
        rows: int | None = None,
        start: Start | None = None,
    ) -> None:
        if limit is not None and limit < 1:
            raise DataError(f"limit must be at least 1, got {limit}.")
        self._columns = Columns(columns)
        self.files: list[RecordFile] = list(source) if start else files_of(source)
        for file in self.files:
            file.apart = bool({"prompt", "response"} & self._columns.mapped.keys())
        self.starts: list[Start] = []
        self._start = start or Start()
        self._skip_bad, self._limit, self._rows = skip_bad, limit, rows
        self._n_good = 0
        self._reasons: set[str] = set()
        formats, encodings = ({getattr(file, what): None for file in self.files} for what in ("format", "encoding"))
        self.report = ReadReport(format=", ".join(formats), encoding=", ".join(filter(None, encodings)))
        self._samples = self._read()

    def __next__(self) -> Sample:
        return next(self._samples)

    def _read(self) -> Iterator[Sample]:
        seen = array("q")  # a digest of each sample's turns: eight bytes
        for row, (file, record) in enumerate(islice(self._records(), self._rows), self._start.row):
            self.report.rows_read += 1
            sample = self._sample(row, file, record)
            if sample is None:
                continue
            self._n_good += 1
            seen.append(hash(sample.messages))
            yield sample
            if self._n_good == self._limit:
                break
        self.report.n_duplicates = len(seen) - len(np.unique(np.frombuffer(seen, np.int64))) if seen else 0
        self._finish()

    def _records(self) -> Iterator[tuple[RecordFile, Record]]:
        """Every row with its file; of several files, the position names the file."""
        begin = self._start
        for place, file in enumerate(self.files[begin.file :], begin.file):
            self.starts.append(Start(place, begin.row + self.report.rows_read, begin.sample + self._n_good))
            of = f"{file.label}, " if len(self.files) > 1 else ""
            yield from (
                (file, record._replace(position=of + record.position)) for record in rebuilt(file, records(file))
            )

    def _skip(self, bad: BadRow) -> None:
        self.report.n_skipped += 1
        if len(self.report.skipped) < MOST_TOLD:
            self.report.skipped.append(bad)
        self._reasons.add(bad.reason if len(self._reasons) < 2 else "")

    def _sample(self, row: int, file: RecordFile, found: Record) -> Sample | None:
        """The sample, or None with a note in the report."""
        where, record, original = found
        try:
            if isinstance(record, BadRow):
                self._skip(replace(record, position=where))
                return None
            if file.damaged and re.search(r"[\udc80-\udcff]", json.dumps(record, ensure_ascii=False, default=str)):
                raise RowError("holds bytes that are not UTF-8", value=record)
            turns = messages(record, self._columns)
        except (RowError, RecursionError) as error:
            problem = error if isinstance(error, RowError) else RowError("is nested too deeply")
            self.report.n_blank_responses += problem.blank
            self._skip(BadRow(where, problem.reason, problem.field, problem.value))
            return None
        source = _source(record) or (file.label if len(self.files) > 1 else "")
        return Sample(row, turns, record, source, _scores(record), id=_id(record), original=_original(original, record))

    def _finish(self) -> None:
        """Put into words what happened, and raise if rows are bad that were not to be skipped."""
        report, name = self.report, self._name
        breaks = [file for file in self.files if file.truncated_at]
        of = {file.label: f"{file.label}, " if len(self.files) > 1 else "" for file in breaks}
        report.truncated_at = "; ".join(f"{of[file.label]}{file.truncated_at}" for file in breaks) or None
        report.columns = list(map(str, self._columns.there))
        report.parts = {part: column for (part, column), _ in reversed(self._columns.parts.most_common())}
        report.columns_read, report.columns_unread = list(self._columns.read), dict(self._columns.unread)
        report.warnings.extend([text for file in self.files for text in file.warnings] + [*self._notes()])
        if not report.rows_read:
            cut = f", since the file breaks off in {report.truncated_at}" if report.truncated_at else ""
            raise DataError(f"{name} holds no rows{cut}.")
        if report.n_skipped and not (self._skip_bad and self._n_good):
            raise DataError(self._bad_rows())

    @property
    def _name(self) -> str:
        return ", ".join(str(file.source) for file in self.files[:3]) + (", …" if len(self.files) > 3 else "")

    def _notes(self) -> Iterator[str]:
        report, name = self.report, self._name
        if report.truncated_at:
            yield f"{name} breaks off in {report.truncated_at}; {_rows(report.rows_read)} before it were read."
        for (used, other), n in (+self._columns.choices).items():
            yield f"{name}: {used} and {other} differ in {_rows(n)}; {used} was used, choose by the option columns."
        if report.columns_unread:
            left = some([f"{column} ({_rows(n)})" for column, n in report.columns_unread.items()], MOST_NAMED)
            read = some(report.columns_read, MOST_NAMED)
            yield f"{name}: columns read: {read}; not read: {left}; choose by the option columns."
        if absent := ", ".join(self._columns.absent()):
            yield f"{name}: {absent}: no row has such a column, and nothing was read from it."
        for reason, n in self._columns.untrained.items():
            yield f"{name}: the answers in {_rows(n)} are not trained on ({reason}): their tokens are no response."
        if report.n_skipped:
            yield f"{name}: {_rows(report.n_skipped)} of {report.rows_read:,} skipped; first: {report.skipped[0]}."
        if report.n_duplicates:
            n = report.n_duplicates
            what = "is an exact duplicate of an earlier row" if n == 1 else "are exact duplicates of earlier rows"
            yield f"{name}: {_rows(n)} {what}. {'It was' if n == 1 else 'They were'} not removed."

    def _bad_rows(self) -> str:
        report = self.report
        bad, first = report.n_skipped, [f"  {row}" for row in report.skipped[:10]]
        if bad > 1 and not self._n_good and len(self._reasons) == 1:
            each = f"none of its {_rows(bad)} can be used: each {next(iter(self._reasons))}."
            return f"{self._name}: {each} {hint(report.format, report.rows_read)}".rstrip()
        more = [f"  and {bad - 10:,} more"] if bad > 10 else []
        more += [] if self._n_good else filter(None, [hint(report.format, report.rows_read)])
        advice = "mend them, or skip them with skip_bad" if self._n_good else "no row is left"
        title = f"{self._name}: {bad:,} of {report.rows_read:,} rows cannot be used; {advice}."
        return "\n".join([title, *first, *more])


def read_samples(
    source: str | Path | Sequence[str | Path],
    *,
    columns: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    limit: int | None = None,
    rows: int | None = None,
) -> SampleReader:
    """Iterate over the samples of a JSON, JSON Lines, CSV or Parquet file (also gzipped), a hub id, or several of them.

    `columns` maps prompt, response, input, system or messages to a column name; after `limit` samples, or `rows` rows
    good or bad, reading ends. Good samples come first: unless
    `skip_bad`, DataError with the first ten bad rows follows the last sample. The iterator's `report` is then complete.
    """
    return SampleReader(source, columns, skip_bad, limit, rows)


def samples_from(files: Sequence[RecordFile], start: Start, columns: Mapping[str, str] | None) -> Iterator[Sample]:
    """The samples from the start of one of the files of an earlier reader on; rows that are bad are passed over."""
    return SampleReader(files, columns, skip_bad=True, start=start)


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def _original(found: Any, record: Any) -> Any:
    """What export writes: rows of Arrow, or the JSON text, made of the values where there is none that UTF-8 holds."""
    if found is not None and not isinstance(found, str):
        return found
    try:
        (found or "").encode()
    except UnicodeEncodeError:
        found = None
    return JsonText(found or json_text(record))


def _id(record: dict) -> str:
    """The value of the first column that names a record, as text."""
    names = (name for name in find(record, IDS) if isinstance(record[name], str | int))
    return next((str(record[name]) for name in names if not isinstance(record[name], bool)), "")


def _source(record: dict) -> str:
    return next((record[key] for key in SOURCES if isinstance(record.get(key), str)), "")


def _scores(record: dict) -> dict[str, float]:
    """Fields named for a score; CSV gives their numbers as text."""
    scores = {}
    for name, value in record.items():
        if SCORE.search(str(name)) and isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                continue
            if math.isfinite(number):
                scores[name] = number
    return scores


def data_digest(sources: str | Path | Sequence[str | Path]) -> str:
    """The digest of one source; of several, sha256 over their digests in order. Raises DataError as `file_digest`."""
    return _together([file_digest(source) for source in named(sources)])


def file_digest(source: str | Path) -> str:
    """sha256 hex digest of a file's content; of a hub id, over its records; of a folder, over its files' digests.

    Raises DataError if it cannot be read.
    """
    path = Path(source)
    if path.is_file():
        return _digest_of_bytes(path)
    digests = []
    for file in files_of(source):
        if file.path.is_file():
            digests.append(_digest_of_bytes(file.path))
            continue
        digest = hashlib.sha256()
        for record in records(file):
            digest.update(json_text(record.value).encode("utf-8") + b"\n")
        digests.append(digest.hexdigest())
    return _together(digests)


def _digest_of_bytes(path: Path | RemoteFile) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _together(digests: list[str]) -> str:
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()
