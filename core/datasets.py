"""Instruction data in and out: read any supported file or hub id into samples, write raw records back.

A layout (how a record says who speaks) is a function of `Layout`; a container to read is an entry of
`core.records.READERS`; a format to write is a function and an entry of `FORMATS`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.files import replacing
from core.records import BadRow, RecordFile, shorten
from core.schema import DataError, Message, Sample

COLUMNS = ("prompt", "response", "input", "system", "messages")
CONVERSATIONS = ("messages", "conversations", "conversation")
PROMPTS = ("instruction", "prompt", "question", "query", "input")
RESPONSES = ("output", "completion", "response", "answer")
INPUTS = ("input", "context")  # what Alpaca and Dolly put beside the instruction
SYSTEMS = ("system", "system_prompt")
SPEAKERS = {
    "user": ("user", "human", "prompter"),
    "assistant": ("assistant", "gpt", "chatgpt", "bing", "bard", "bot", "model", "ai", "claude", "function_call"),
    "system": ("system", "developer"),
    "tool": ("tool", "function", "observation", "ipython", "tool_response", "function_response"),
}
ROLES = {name: role for role, names in SPEAKERS.items() for name in names}
NO_INPUT = re.compile(
    r"[\s<>()\[\]\\`'\"*.,]*(no[\s_-]*inputs?(\s+(required|needed|necessary|provided|given))?|n\s*/\s*a|<\s*none\s*>)?"
    r"[\s<>()\[\]\\`'\"*.,]*",
    re.IGNORECASE,
)
SCORE = re.compile(r"(score|quality|rating|reward|complexity)$", re.IGNORECASE)


class _RowError(Exception):
    """Why a record is no sample."""

    def __init__(self, reason: str, field: str = "", value: Any = None, blank: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.field, self.blank = reason, field, blank
        self.value = "" if value is None else shorten(value)


@dataclass
class ReadReport:
    """What was read and what was not, complete once the reader is exhausted. Rows count from 0, lines from 1."""

    rows_read: int = 0  # good and bad ones; a last row that is cut off is not counted
    skipped: list[BadRow] = field(default_factory=list)
    n_duplicates: int = 0  # samples whose turns equal those of an earlier one; they are kept
    n_blank_responses: int = 0  # among the skipped
    truncated_at: str | None = None
    encoding: str = ""
    format: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def n_skipped(self) -> int:
        """Number of rows that cannot be used."""
        return len(self.skipped)


class Layout:
    """Turns records into messages; `choices` counts the records in which two response fields differ."""

    def __init__(self, columns: Mapping[str, str] | None) -> None:
        self.columns = dict(columns or {})
        unknown = [name for name in self.columns if name not in COLUMNS]
        if unknown:
            raise DataError(f"columns does not know {shorten(unknown)}: it maps {', '.join(COLUMNS)} to column names.")
        self.choices: Counter[tuple[str, str]] = Counter()

    def messages(self, record: Any) -> tuple[Message, ...]:
        """The turns of a record, at least one of them a response with text; raises _RowError."""
        if not isinstance(record, dict):
            raise _RowError("is not an object with named fields", value=record)
        turns = self._conversation(record) if self._has_conversation(record) else self._pair(record)
        answers = [turn for turn in turns if turn.role == "assistant"]
        if not answers:
            raise _RowError("has no assistant turn", blank=True)
        if not any(turn.content.strip() for turn in answers):
            raise _RowError("has only blank assistant turns", blank=True)
        system = record.get(self._name("system", SYSTEMS, record))
        if isinstance(system, str) and system.strip() and all(turn.role != "system" for turn in turns):
            turns.insert(0, Message("system", system))
        return tuple(turns)

    def _name(self, part: str, names: tuple[str, ...], record: dict) -> str | None:
        """The mapped column, else the first of `names` that has a value, else the first that is there."""
        if part in self.columns:
            return self.columns[part]
        there = [name for name in names if name in record]
        return next((name for name in there if record[name] is not None), there[0] if there else None)

    def _has_conversation(self, record: dict) -> bool:
        if "messages" in self.columns or "prompt" in self.columns or "response" in self.columns:
            return "messages" in self.columns
        name = self._name("messages", CONVERSATIONS, record)
        return name is not None and (record[name] is not None or self._name("response", RESPONSES, record) is None)

    def _conversation(self, record: dict) -> list[Message]:
        """ShareGPT (from, value), OpenAI (role, content) or LIMA (plain strings in turn)."""
        name = self._name("messages", CONVERSATIONS, record)
        turns = record.get(name)
        if isinstance(turns, str) and turns.lstrip().startswith("["):  # a CSV cell
            try:
                turns = json.loads(turns)
            except ValueError:
                raise _RowError(f"{name} is not valid JSON", name, turns) from None
        if not isinstance(turns, list):
            raise _RowError(f"{name} is {_kind(record, name)}, not a list of turns", name, turns)
        if not turns:
            raise _RowError(f"{name} has no turns", name, turns, blank=True)
        if all(isinstance(turn, str) for turn in turns):
            return [Message(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)]
        return [_turn(turn, f"{name}[{i}]") for i, turn in enumerate(turns)]

    def _pair(self, record: dict) -> list[Message]:
        """Alpaca, prompt and completion, question and answer, or mapped columns."""
        asked = self._name("prompt", PROMPTS, record)
        answered = self._name("response", RESPONSES, record)
        if asked is None and answered is None:
            fields = shorten(", ".join(map(str, record)))
            raise _RowError(f"has no field that is known ({fields}); name them with the option columns")
        if answered is None:
            raise _RowError(
                "has no response field; if it has another name, give it with the option columns", blank=True
            )
        if record.get(answered) is None:
            raise _RowError(f"{answered} is {_kind(record, answered)}", answered, blank=True)
        response = _text(record, answered)
        if not response.strip():
            raise _RowError(f"{answered} is blank", answered, response, blank=True)
        self._note_choice(record, answered, response)
        prompt = self._prompt(record, asked)
        return [Message("user", prompt), Message("assistant", response)]

    def _prompt(self, record: dict, asked: str | None) -> str:
        if asked is None:
            raise _RowError("has no prompt field; if it has another name, give it with the option columns")
        extra = (
            record.get(self._name("input", INPUTS, record)) if asked == "instruction" or "input" in self.columns else ""
        )
        extra = extra if isinstance(extra, str) and not NO_INPUT.fullmatch(extra) else ""
        prompt = _text(record, asked) if record.get(asked) is not None or not extra.strip() else ""
        if not prompt.strip() and not extra.strip():
            raise _RowError(f"{asked} is blank and there is no input", asked, record.get(asked))
        return "\n\n".join(part for part in (prompt, extra) if part.strip())

    def _note_choice(self, record: dict, answered: str, response: str) -> None:
        for name in RESPONSES if "response" not in self.columns else ():
            if name != answered and isinstance(record.get(name), str) and record[name] not in ("", response):
                self.choices[answered, name] += 1


def _kind(record: dict, name: str) -> str:
    if name not in record:
        return "missing"
    value = record[name]
    return (
        "null"
        if value is None
        else {"dict": "an object", "list": "a list", "str": "text"}.get(type(value).__name__, "a value")
    )


def _text(record: dict, name: str) -> str:
    value = record.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    wrong = "" if value is None else ", not text"
    raise _RowError(f"{name} is {_kind(record, name)}{wrong}", name, value)


def _turn(turn: Any, where: str) -> Message:
    if not isinstance(turn, dict):
        raise _RowError(f"{where} is not an object with a speaker and a text", where, turn)
    speaker = next((turn[key] for key in ("from", "role", "speaker") if turn.get(key) is not None), None)
    role = ROLES.get(speaker.strip().lower()) if isinstance(speaker, str) else None
    if role is None:
        raise _RowError(f"{where} has an unknown or missing speaker", where, speaker)
    key = next((key for key in ("value", "content", "text") if turn.get(key) is not None), "")
    calls = turn.get("tool_calls") or turn.get("function_call")
    content = _content(turn[key], f"{where}.{key}") if key else ""
    if calls:
        rendered = json.dumps(calls, ensure_ascii=False, default=str)
        content = f"{content}\n{rendered}" if content else rendered
    elif not key:
        raise _RowError(f"{where} has no text", where, turn, blank=role == "assistant")
    return Message(role, content)


def _content(content: Any, where: str) -> str:
    """Text, or a list of parts with a text each."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise _RowError(f"{where} is not text", where, content)
    texts = [part.get("text") if isinstance(part, dict) else part for part in content]
    for part, text in zip(content, texts, strict=True):
        if not isinstance(text, str):
            raise _RowError(f"{where} has a part that is not text", where, part)
    return "\n".join(texts)


class SampleReader(Iterator[Sample]):
    """The samples of a file or hub id, read as they are asked for; `report` tells what was skipped."""

    def __init__(
        self,
        source: str | Path,
        columns: Mapping[str, str] | None = None,
        skip_bad: bool = False,
        limit: int | None = None,
    ) -> None:
        if limit is not None and limit < 1:
            raise DataError(f"limit must be at least 1, got {limit}.")
        self._layout = Layout(columns)
        self._file = RecordFile(source)
        self._skip_bad, self._limit = skip_bad, limit
        self._n_good = 0
        self.report = ReadReport(format=self._file.format, encoding=self._file.encoding)
        self._samples = self._read()

    def __next__(self) -> Sample:
        return next(self._samples)

    def _read(self) -> Iterator[Sample]:
        seen: set[int] = set()
        for row, (where, record) in enumerate(self._file):
            self.report.rows_read += 1
            sample = self._sample(row, where, record)
            if sample is None:
                continue
            self._n_good += 1
            key = hash(sample.messages)  # eight bytes
            self.report.n_duplicates += key in seen
            seen.add(key)
            yield sample
            if self._n_good == self._limit:
                break
        self._finish()

    def _sample(self, row: int, where: str, record: Any) -> Sample | None:
        """The sample, or None with a note in the report."""
        try:
            if isinstance(record, BadRow):
                self.report.skipped.append(record)
                return None
            if self._file.damaged and re.search(
                r"[\udc80-\udcff]", json.dumps(record, ensure_ascii=False, default=str)
            ):
                raise _RowError("holds bytes that are not UTF-8", value=record)
            messages = self._layout.messages(record)
        except (_RowError, RecursionError) as error:
            problem = error if isinstance(error, _RowError) else _RowError("is nested too deeply")
            self.report.n_blank_responses += problem.blank
            self.report.skipped.append(BadRow(where, problem.reason, problem.field, problem.value))
            return None
        return Sample(row, messages, record, _source(record), _scores(record))

    def _finish(self) -> None:
        """Put into words what happened, and raise if rows are bad that were not to be skipped."""
        report, name = self.report, self._file.source
        report.truncated_at = self._file.truncated_at
        report.warnings.extend([*self._file.warnings, *self._notes()])
        if not report.rows_read:
            cut = f", since the file breaks off in {report.truncated_at}" if report.truncated_at else ""
            raise DataError(f"{name} holds no rows{cut}.")
        if report.skipped and not (self._skip_bad and self._n_good):
            raise DataError(self._bad_rows())

    def _notes(self) -> Iterator[str]:
        report, name = self.report, self._file.source
        if report.truncated_at:
            yield f"{name} breaks off in {report.truncated_at}; {_rows(report.rows_read)} before it were read."
        for (used, other), n in self._layout.choices.items():
            yield f"{name}: {used} and {other} differ in {_rows(n)}; {used} was used, choose by the option columns."
        if report.skipped:
            yield f"{name}: {_rows(report.n_skipped)} of {report.rows_read:,} skipped; first: {report.skipped[0]}."
        if report.n_duplicates:
            yield f"{name}: {_rows(report.n_duplicates)} with the turns of an earlier row; all were kept."

    def _bad_rows(self) -> str:
        report = self.report
        bad, first = report.n_skipped, [f"  {row}" for row in report.skipped[:10]]
        more = [f"  and {bad - 10:,} more"] if bad > 10 else []
        advice = "mend them, or skip them with skip_bad" if self._n_good else "no row is left"
        title = f"{self._file.source}: {bad:,} of {report.rows_read:,} rows cannot be used; {advice}."
        return "\n".join([title, *first, *more])


def read_samples(
    source: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    limit: int | None = None,
) -> SampleReader:
    """Iterate over the samples of a JSON, JSON Lines, CSV or Parquet file (also gzipped) or a hub id.

    `columns` maps prompt, response, input, system or messages to a column name. Good samples come first: unless
    `skip_bad`, DataError with the first ten bad rows follows the last sample. The iterator's `report` is then complete.
    """
    return SampleReader(source, columns, skip_bad, limit)


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def _source(record: dict) -> str:
    return next((record[key] for key in ("source", "dataset") if isinstance(record.get(key), str)), "")


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


def file_digest(source: str | Path) -> str:
    """sha256 hex digest of a file's content; for a hub id, of its records."""
    if Path(source).is_file():
        try:
            with Path(source).open("rb") as handle:
                return hashlib.file_digest(handle, "sha256").hexdigest()
        except OSError as error:
            raise DataError(f"{source} cannot be read: {error.strerror or error}.") from error
    digest = hashlib.sha256()
    for _, record in RecordFile(source):
        digest.update(_json(record).encode("utf-8") + b"\n")
    return digest.hexdigest()


def write_records(records: Iterable[Any], path: str | Path, format: str) -> None:
    """Write raw records in one of FORMATS, in order; `path` is replaced only when all is written."""
    if format not in FORMATS:
        raise DataError(f"{format} is not a format to write: choose one of {', '.join(FORMATS)}.")
    try:
        with replacing(Path(path)) as temporary:
            FORMATS[format](records, temporary)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def _json(record: Any) -> str:
    """One line of JSON; characters stay as they are unless they are halves, which UTF-8 cannot hold."""
    try:
        line = json.dumps(record, ensure_ascii=False, default=str)
        line.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, default=str)
    except RecursionError:
        raise DataError("A record is nested too deeply to be written.") from None
    return line


def _write_jsonl(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(_json(record) + "\n" for record in records)


def _write_json(records: Iterable[Any], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        for i, record in enumerate(records):
            handle.write((",\n" if i else "[\n") + _json(record))
        handle.write("\n]\n" if handle.tell() else "[]\n")


def _columns(records: list[Any], format: str) -> list[str]:
    if any(not isinstance(record, dict) for record in records):
        raise DataError(f"{format} holds only records with named fields: write jsonl instead.")
    return list(dict.fromkeys(name for record in records for name in record))


def _write_csv(records: Iterable[Any], path: Path) -> None:
    """Text as it is, None as nothing, other values as JSON."""
    records = list(records)
    names = _columns(records, "csv")
    try:
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)  # its line end \r\n makes it quote both characters
            writer.writerow(names)
            writer.writerows([_cell(record.get(name)) for name in names] for record in records)
    except UnicodeEncodeError:
        raise DataError("A record holds half a character, which csv cannot hold: write jsonl instead.") from None


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _write_parquet(records: Iterable[Any], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    records = list(records)
    names = _columns(records, "parquet")
    table = {name: _arrow(name, [record.get(name) for record in records]) for name in names}
    try:
        pq.write_table(pa.table(table), path)
    except pa.ArrowException as error:
        raise DataError(f"parquet cannot hold these records ({error}): write jsonl instead.") from error


def _arrow(name: str, values: list[Any]) -> Any:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        cause = " ".join(str(error).split())[:120]
        raise DataError(f"parquet cannot hold {name} ({cause}): write jsonl instead.") from error


FORMATS: dict[str, Callable[[Iterable[Any], Path], None]] = {
    "jsonl": _write_jsonl,
    "json": _write_json,
    "parquet": _write_parquet,
    "csv": _write_csv,
}
