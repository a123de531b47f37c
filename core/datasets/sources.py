"""Files of records out of what was given: files, folders, saved datasets, archives, patterns, addresses, hub ids."""

from __future__ import annotations

import atexit
import glob
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any

from core.datasets.archives import Archive, hidden, is_archive
from core.datasets.containers import RecordFile
from core.datasets.remote import is_address, remote_files
from core.datasets.rows import shorten
from core.errors import DataError
from core.schema import named
from core.system.disk import writing
from core.system.files import cache_dir

STANDARD_INPUT = "-"
DATA = re.compile(
    r"\.(json(l|lines)?|ndjson|csv|tsv|parquet|pq|arrow|feather)(\.(gz|gzip|bz2|xz|zst|zstd))?$", re.IGNORECASE
)
ABOUT = re.compile(  # files beside data that are about it
    r"(state|config|metadata|package|croissant|dataset_infos?|dataset_dict|tokenizer(_config)?"
    r"|(.*\.)?(rejects|manifest)|weights)"
    r"\.jsonl?",
    re.IGNORECASE,
)
SHOWN = 5  # names in a sentence


def files_of(sources: str | Path | Sequence[str | Path]) -> list[RecordFile]:
    """The files of records in the sources, in order; those of a folder, archive or pattern as people count: 2, 10.

    Raises DataError for what is not there, holds no data, or cannot be read.
    """
    files = [file for source in named(sources) for file in _files(source)]
    if not files:
        raise DataError("No data was named: give a file, a folder or a hub id.")
    return files


def _files(source: str) -> Iterator[RecordFile]:
    if is_address(source):
        yield from _remote(source)
        return
    path = spooled() if source == STANDARD_INPUT else Path(source)
    try:
        if path.is_dir():
            yield from _folder(path)
        elif path.is_file() and is_archive(path):
            yield from _archive(path)
        elif source == STANDARD_INPUT:
            yield RecordFile("standard input", path)
        elif not path.exists() and glob.has_magic(source) and (found := glob.glob(source, recursive=True)):  # noqa: PTH207
            for each in sorted(found, key=natural):
                yield from _files(each)
        else:
            yield RecordFile(source)
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror or error}.") from error


def natural(name: str) -> list[tuple[int, str]]:
    """The key that sorts part-2 before part-10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", name)]


def _remote(source: str) -> Iterator[RecordFile]:
    """The files at an address; of several, those of data, in order."""
    files = {str(file): file for file in remote_files(source)}
    if not files:
        raise DataError(f"{source} holds no file: check the address.")
    names = [*files] if len(files) == 1 else _data(source, [*files])
    yield from (RecordFile(name, files[name], label=files[name].name) for name in names)


def _folder(folder: Path) -> Iterator[RecordFile]:
    """The files of a folder and its folders; of a dataset that was saved there, those that it names."""
    splits = _listed(folder, "dataset_dict.json", "splits")
    if splits is not None:
        if len(splits) != 1:
            which = f" ({', '.join(splits)}): name one, such as {folder / splits[0]}" if splits else ""
            raise DataError(f"{folder} holds {'several' if splits else 'no'} splits{which}.")
        yield from _folder(folder / splits[0])
        return
    saved = _listed(folder, "state.json", "_data_files")
    if saved is not None:
        if not saved:
            raise DataError(f"{folder} is a saved dataset without rows.")
        yield from (RecordFile(folder / name, label=name) for name in saved)
        return
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    empty = {name for name in names if _is_empty(folder / name)}
    files = [RecordFile(folder / name, label=name) for name in _data(folder, names, empty)]
    files[0].warnings += _left(folder, names, empty)
    yield from files


def _is_empty(path: Path) -> bool:
    """Whether a file holds nothing that can be read: a Feather file of version 1 is no Arrow."""
    if path.suffix.casefold() != ".feather":
        return not path.stat().st_size
    with path.open("rb") as file:
        return file.read(4) in (b"", b"FEA1")


def _listed(folder: Path, file: str, part: str) -> list[str] | None:
    """What of its folder a file about a saved dataset lists; None where the file is none, or another tool's."""
    if not (folder / file).is_file():
        return None
    try:
        found = json.loads((folder / file).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{folder / file} is damaged: fetch it again, or name the data itself.") from error
    if not isinstance(found, dict) or not isinstance(found.get(part), list):
        return None
    there = [path.name for path in folder.iterdir()]
    names: list[Any] = [each.get("filename") if isinstance(each, dict) else each for each in found[part]]
    for name in names:
        if name not in there:
            raise DataError(f"{folder / file} names {shorten(name)}, which is not in its folder: fetch it again.")
    return names


def _archive(path: Path) -> Iterator[RecordFile]:
    archive = Archive(path)
    names, empty = archive.names, archive.empty
    files = [RecordFile(f"{path}: {name}", path, archive, name) for name in _data(path, names, empty)]
    files[0].warnings += [*_left(path, names, empty), *_odd(archive)]
    yield from files


def _odd(archive: Archive) -> Iterator[str]:
    """What a person should know of an archive besides."""
    if archive.links:
        yield f"{archive.path} holds links, which were not followed: {some(archive.links)}."
    if archive.repeated:
        yield f"{archive.path} holds some names more than once, of which the last was read: {some(archive.repeated)}."
    if archive.cut:
        yield f"{archive.path} has no end mark: it may be cut off, and files be missing."


def _data(source: str | Path, names: list[str], empty: Set[str] = frozenset()) -> list[str]:
    """The names of files of data, in order; raises DataError if there are none."""
    found = [name for name in names if _is_data(name) and name not in empty]
    if not found:
        others = f", but {some(names)}" if names else ""
        raise DataError(
            f"{source} holds no JSON, JSON Lines, CSV, Parquet or Arrow file with anything in it{others}: "
            "name the data itself."
        )
    return sorted(found, key=natural)


def _is_data(name: str) -> bool:
    own = name.rsplit("/", 1)[-1]
    return bool(DATA.search(own)) and not hidden(name) and not ABOUT.fullmatch(own)


def _left(source: Path, names: list[str], empty: Set[str] = frozenset()) -> Iterator[str]:
    others = sorted((n for n in names if not hidden(n) and (n in empty or not _is_data(n))), key=natural)
    if others:
        yield f"{source}: not read, as they are no data or empty: {some(others)}."


def some(names: Sequence[str], most: int = SHOWN) -> str:
    """The first names for a sentence, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


@cache
def spooled() -> Path:
    """What stands at standard input, copied once to a file, which goes when the process does; it can be read again."""
    if sys.stdin is None or sys.stdin.isatty():
        raise DataError("Nothing is piped to standard input: `cat data.jsonl | python -m core extract --data - …`.")
    folder = cache_dir()
    with writing(folder):
        file = tempfile.NamedTemporaryFile(dir=folder, prefix=".standard-input-", delete=False)  # noqa: SIM115
        path = Path(file.name)
        atexit.register(path.unlink, missing_ok=True)
        with file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    return path
