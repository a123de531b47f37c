"""Which store belongs to a request that was carried out before: found without loading a model to compute its key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from core.schema import ExtractConfig
from core.system.files import replacing, stamp

NAME = "finished.json"


def request_digest(config: ExtractConfig) -> str | None:
    """A digest of the request and of the times and sizes of its files; None if one of them is on the hub."""
    stamps = [stamp(source) for source in (config.data, config.model, config.sae)]
    if None in stamps:
        return None
    return hashlib.sha256(json.dumps([asdict(config), stamps], sort_keys=True).encode()).hexdigest()


def find_finished(config: ExtractConfig, folder: Path) -> Path | None:
    """The finished store of this very request, if it is still there and none of its files was touched."""
    name = _read(folder).get(request_digest(config) or "")
    path = folder / name if name else None
    return path if path and path.is_file() else None


def note_finished(config: ExtractConfig, path: Path) -> None:
    """Remember which store a request led to."""
    digest = request_digest(config)
    if digest:
        with replacing(path.parent / NAME) as temporary:
            temporary.write_text(json.dumps({**_read(path.parent), digest: path.name}, indent=1) + "\n")


def _read(folder: Path) -> dict[str, str]:
    try:
        return json.loads((folder / NAME).read_text())
    except (OSError, ValueError):  # absent or damaged: everything is found out anew
        return {}
