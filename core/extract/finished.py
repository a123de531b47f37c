"""Which store belongs to a request that was carried out before: found without loading a model to compute its key."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from core.errors import DiskError
from core.schema import ExtractConfig
from core.store.tables import SCHEMA_VERSION
from core.system.disk import set_aside
from core.system.files import stamp
from core.system.kept import write_json

NAME = "finished.json"
log = logging.getLogger(__name__)


def request_digest(config: ExtractConfig) -> str | None:
    """A digest of the request and of the times and sizes of its files; None if one of them is on the hub."""
    sources = (*config.data, config.model, config.sae, config.vectors, config.topics)
    stamps = [stamp(source) for source in sources if source]
    if None in stamps:
        return None
    request = [SCHEMA_VERSION, asdict(config), stamps]  # a store of another version is not what is asked for
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def find_finished(config: ExtractConfig, folder: Path) -> Path | None:
    """The finished store of this very request, if it is still there and none of its files was touched."""
    name = _read(folder).get(request_digest(config) or "")
    path = folder / name if name else None
    return path if path and path.is_file() else None


def note_finished(config: ExtractConfig, path: Path) -> None:
    """Remember which store a request led to; where that cannot be written it is found out anew the next time."""
    digest = request_digest(config)
    if digest:
        with suppress(DiskError):
            write_json(path.parent / NAME, {**_read(path.parent), digest: path.name}, indent=1)


def _read(folder: Path) -> dict[str, str]:
    path = folder / NAME
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and all(isinstance(name, str) and Path(name).name == name for name in found.values()):
        return found
    kept = set_aside(path)
    log.warning("%s is damaged: it is kept as %s, and finished stores are found anew.", path, kept.name)
    return {}
