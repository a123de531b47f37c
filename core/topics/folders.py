"""Where a topic SAE lies: stores name it in a way that still holds when the project or the cache is moved."""

from __future__ import annotations

from pathlib import Path

from core.errors import ModelError
from core.system.files import PROJECT, cache_dir
from core.topics.model import TopicSAE, load_topics

FOLDER = "topics"  # of the cache: the SAEs that were trained on one store's vectors


def own_folder(name: str) -> Path:
    """The folder of the topic SAE that belongs to one store, by the store's key."""
    return cache_dir(FOLDER) / name


def named(folder: Path) -> str:
    """How a store names a folder: relative to the project or to the cache where it lies in one of them."""
    for base in (PROJECT, cache_dir()):
        if folder.resolve().is_relative_to(base.resolve()):
            return folder.resolve().relative_to(base.resolve()).as_posix()
    return str(folder)


def located(name: str) -> Path | None:
    """The folder that a store names, in the project, in the cache or where it says; None where it is gone."""
    found = (place for place in (PROJECT / name, cache_dir() / name, Path(name)) if place.is_dir())
    return next(found, None) if name else None


def found_topics(name: str, digest: str) -> TopicSAE | None:
    """The topic SAE that a store names, if it is still there and still the same."""
    folder = located(name)
    try:
        topics = load_topics(folder) if folder else None
    except ModelError:
        return None
    return topics if topics and topics.digest == digest else None
