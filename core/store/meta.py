"""What a store says of itself, read without opening the whole of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from core.errors import StoreError
from core.schema import named
from core.store.tables import OLDEST, SCHEMA_VERSION, explained


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


def speed_of(meta: dict[str, Any]) -> float:
    """Tokens that the store's extraction read a second; 0 where that is not known."""
    return meta.get("tokens", 0) / meta["seconds"] if meta.get("seconds") else 0.0


def list_stores(folder: Path) -> list[Path]:
    """The finished stores in a folder, newest first."""
    found = [p for p in folder.glob("*.duckdb") if not p.name.endswith(".partial.duckdb") and len(p.stem) == 16]
    return sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)
