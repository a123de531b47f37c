"""The stores of a folder: their titles, names that a person gave them, and a trash from which they come back."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from core.datasets.samples import data_digest
from core.errors import DamagedError, DataError, LockedError, StoreError
from core.store.meta import check_version, data_named, data_of, list_stores, meta_of
from core.store.tables import connect
from core.system.disk import writing
from core.system.files import cache_dir, cache_path, stamp
from core.system.kept import write_json

NAMES = "names.json"  # in the folder of the stores: which ones a person has named, by key
TRASH = ("trash", "stores")
MARGIN = 60.0  # seconds: a file that was written so long before a store was begun is the one that was read


@dataclass(frozen=True)
class StoreTitle:
    """A store for a list to choose from: the name of its data file and its samples, as far as they can be read.

    name: one that a person gave it; meta: all that it says of itself; error: the sentence that opening it would end
    with, empty if it opens; note: the same in a few words.
    """

    path: Path
    data: str = ""
    n_samples: int = 0
    note: str = ""
    error: str = ""
    name: str = ""
    meta: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def key(self) -> str:
        """The key that names the store."""
        return self.path.stem

    @property
    def text(self) -> str:
        """The title in one line, with enough of the key to tell stores of the same data apart."""
        of = self.name or self.data
        title = f"{of} · {self.n_samples:,} · {self.key[:4]}" if of else self.path.name
        return f"{title} ({self.note})" if self.note else title


def store_titles(folder: Path) -> list[StoreTitle]:
    """A title for each finished store of a folder, newest first; none stays open, and one in trouble hides no other."""
    titles, names = [], given_names(folder)
    for path in list_stores(folder):
        try:
            state = path.stat()
            title = _title(path, state.st_mtime_ns, state.st_size)
        except FileNotFoundError:  # gone since the folder was read
            continue
        except LockedError as error:  # not for long: asked again each time
            title = StoreTitle(path, note="being written", error=str(error))
        except OSError as error:
            title = StoreTitle(path, note="cannot be read", error=f"{path.name} cannot be read: {error.strerror}.")
        titles.append(replace(title, name=names.get(path.stem, "")))
    return titles


@lru_cache(maxsize=256)
def _title(path: Path, mtime_ns: int, size: int) -> StoreTitle:
    """The title of a store at `path` as long as its file is the same; raises LockedError."""
    meta: dict[str, Any] = {}
    try:
        with closing(connect(path, read_only=True)) as db:
            meta = meta_of(path, db)
        check_version(path, meta)
    except LockedError:
        raise
    except StoreError as error:
        version = f"version {meta.get('schema_version')}, extract again" if meta else "no feature store"
        note = "damaged" if isinstance(error, DamagedError) else version
        return StoreTitle(path, *_made_of(meta), note, str(error), meta=meta)
    return StoreTitle(path, *_made_of(meta), meta=meta)


def _made_of(meta: dict[str, Any]) -> tuple[str, int]:
    """The data file's name and the number of samples; blank where another version says it in another way."""
    return data_named(meta), int(meta.get("n_samples") or 0)


def found_by(asked: str, titles: list[StoreTitle]) -> StoreTitle | None:
    """The store that an address names: by its key, or by a title as addresses had it before."""
    by_key = (title for title in titles if title.key == asked)
    by_title = (title for title in titles if asked in (title.text, title.path.name))
    by_end = (title for title in titles if asked.endswith(f" · {title.key[:4]}"))  # the data's name has changed since
    return next((title for way in (by_key, by_title, by_end) for title in way), None)


# --- names


def given_names(folder: Path) -> dict[str, str]:
    """The names that a person gave to stores of a folder, by key; a file that cannot be read names none."""
    try:
        found = json.loads((folder / NAMES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(name) for key, name in found.items()} if isinstance(found, dict) else {}


def rename_store(path: Path, name: str) -> None:
    """Give a store a name of one line for lists and titles, empty for that of its data; its file stays as it is."""
    with FileLock(path.with_name(f".{NAMES}.lock")):  # two renames at once keep both names
        names = given_names(path.parent) | {path.stem: one_line(name)}
        write_json(path.parent / NAMES, {key: given for key, given in names.items() if given}, indent=1)


def one_line(name: str) -> str:
    """A name as it is kept: without line breaks and other space at its ends or doubled, at most 100 characters."""
    return " ".join(name.split())[:100].rstrip()


# --- the trash


def delete_store(path: Path) -> Path:
    """Move a store to the cache's trash/stores; where it is then. Its decisions, scores and name wait for its return.

    Raises StoreError if it is gone, DiskError.
    """
    target = cache_dir(*TRASH) / path.name
    with writing(path):
        try:
            return path.replace(target)
        except FileNotFoundError as error:
            raise StoreError(f"{path.name} is no longer there.") from error


def deleted_stores() -> list[StoreTitle]:
    """The stores in the trash, the one deleted last first."""
    titles = store_titles(cache_path(*TRASH))
    return sorted(titles, key=lambda title: title.path.stat().st_ctime, reverse=True)  # when it was moved


def restore_store(path: Path) -> Path:
    """Bring a store of the trash back to the cache; where it is then. Raises StoreError if one of its key is there."""
    target = cache_dir() / path.name
    if target.exists():
        raise StoreError(f"{path.name} is there again already: it was made anew.")
    with writing(path):
        return path.replace(target)


# --- the data that a store was made of


def data_changed(title: StoreTitle) -> bool:
    """Whether a store's data file is another now. False also where nobody can tell: data of the hub, a joined store, a
    file that is gone."""
    sources, digest = data_of(title.meta), (title.meta.get("digests") or {}).get("data", "")
    stamps = [stamp(source) for source in sources]
    if not stamps or None in stamps or digest[: len(title.key)] == title.key:  # joined stores are keyed so
        return False
    with suppress(OSError):
        begun = title.path.stat().st_mtime - float(title.meta.get("seconds") or 0) - MARGIN
        files = [file for of in stamps for file in of or ()]
        if all(mtime_ns / 1e9 < begun for _, _, mtime_ns in files):
            return False
        return _digest(sources, tuple(files)) not in ("", digest)
    return False


@lru_cache(maxsize=64)
def _digest(sources: tuple[str, ...], stamps: tuple[tuple[str, int, int], ...]) -> str:
    """The digest of data as long as its files are the same; empty if it cannot be read."""
    try:
        return data_digest(sources)
    except DataError:
        return ""
