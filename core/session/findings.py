"""What the health checks found, as it is kept beside a store: for those who need the samples alone.

Groups, searches and the map's colours ask for it by the name of a check; `core.studies.health` writes it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from core.errors import SelectionError
from core.session.session import Session
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from core.system.kept import loaded

# Name, version, and what it was compared with.
NAMED = re.compile(r"([a-z]+(?:-[a-z]+)*)-\d+(?:-[0-9a-f]{12})?")


def folder(store: FeatureStore) -> Path:
    """Where findings are kept: by the store's key and size, as a benchmark repeats a store under its key."""
    return cache_dir("health", f"{store.key}-{store.n_samples}")


def findings(session: Session) -> dict[str, np.ndarray]:
    """The samples that each check found, int64 ascending, by its name; without those that found none.

    Of several files of a check the newest counts.
    """
    dated = findings_dated(session)
    return session.remember(("findings", *dated), lambda: _read([path for _, path in dated]))


def findings_dated(session: Session) -> tuple[tuple[int, Path], ...]:
    """The files of findings with their times, the oldest first: equal as long as nothing more was found."""
    return tuple(sorted((path.stat().st_mtime_ns, path) for path in folder(session.store).glob("*.json")))


def _read(paths: list[Path]) -> dict[str, np.ndarray]:
    """The rows in files, the oldest first; a damaged one counts as absent."""
    found: dict[str, np.ndarray] = {}
    for path in paths:
        name, kept = NAMED.fullmatch(path.stem), loaded(path)
        if name and kept and "rows" in kept:
            found[name[1]] = np.array(kept["rows"], np.int64)
    return {name: found[name] for name in sorted(found) if len(found[name])}


def found_by(session: Session, check: str) -> np.ndarray:
    """The samples that a check found, int64 ascending; raises SelectionError where nothing of it is kept."""
    known = findings(session)
    if check not in known:
        have = f"there are findings of {', '.join(known)}" if known else "no check has found anything yet"
        raise SelectionError(
            f"No samples are known that the check {check!r} found: {have}. `python -m core health` makes them."
        )
    return known[check]
