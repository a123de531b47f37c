"""What a store says of itself, and the stores of a folder: read without opening the whole of any."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from core.errors import DamagedError, LockedError, StoreError
from core.schema import named
from core.store.tables import OLDEST, SCHEMA_VERSION, connect, explained


def meta_of(path: Path, db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The meta table of an open store; raises StoreError if it has none, DamagedError if it cannot be read."""
    try:
        with explained(path):
            found = db.cursor().execute("SELECT key, value FROM meta").fetchall()
    except duckdb.CatalogException as error:
        raise StoreError(f"{path.name} is no feature store.") from error
    return {k: json.loads(v) for k, v in found}


def check_version(path: Path, meta: dict[str, Any]) -> None:
    """Raise StoreError unless this program reads stores of this version."""
    version = meta.get("schema_version")
    if not isinstance(version, int) or not OLDEST <= version <= SCHEMA_VERSION:
        raise StoreError(
            f"{path.name} has schema version {version}, this program reads {SCHEMA_VERSION}: extract again."
        )


def data_of(meta: dict[str, Any]) -> tuple[str, ...]:
    """What a store was made of, as it was given: paths, patterns, hub ids; nothing where the store does not say."""
    return named((meta.get("config") or {}).get("data") or ())


def data_named(meta: dict[str, Any]) -> str:
    """What a store was made of, for a screen: a name without its folders, two names, or how many and the first."""
    names = ["standard input" if source == "-" else Path(source).name for source in data_of(meta)]
    return " + ".join(names) if len(names) < 3 else f"{len(names)} files: {names[0]}, …"


def list_stores(folder: Path) -> list[Path]:
    """The finished stores in a folder, newest first."""
    found = [p for p in folder.glob("*.duckdb") if not p.name.endswith(".partial.duckdb") and len(p.stem) == 16]
    return sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)


@dataclass(frozen=True)
class StoreTitle:
    """A store for a list to choose from: the name of its data file and its samples, as far as they can be read.

    error: the sentence that opening it would end with, empty if it opens; note: the same in a few words.
    """

    path: Path
    data: str = ""
    n_samples: int = 0
    note: str = ""
    error: str = ""

    @property
    def key(self) -> str:
        """The key that names the store."""
        return self.path.stem

    @property
    def text(self) -> str:
        """The title in one line, with enough of the key to tell stores of the same data apart."""
        name = f"{self.data} · {self.n_samples:,} · {self.key[:4]}" if self.data else self.path.name
        return f"{name} ({self.note})" if self.note else name


def store_titles(folder: Path) -> list[StoreTitle]:
    """A title for each finished store of a folder, newest first; none stays open, and one in trouble hides no other."""
    titles = []
    for path in list_stores(folder):
        try:
            state = path.stat()
            titles.append(_title(path, state.st_mtime_ns, state.st_size))
        except FileNotFoundError:  # gone since the folder was read
            continue
        except LockedError as error:  # not for long: asked again each time
            titles.append(StoreTitle(path, note="being written", error=str(error)))
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
        return StoreTitle(path, *_made_of(meta), note, str(error))
    return StoreTitle(path, *_made_of(meta))


def _made_of(meta: dict[str, Any]) -> tuple[str, int]:
    """The data file's name and the number of samples; blank where another version says it in another way."""
    return data_named(meta), int(meta.get("n_samples") or 0)
