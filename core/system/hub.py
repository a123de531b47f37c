"""The Hugging Face hub: whether it can be reached, what is kept of it here, and how its libraries do without it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

_switching = threading.Lock()  # the libraries' switch is one for the process: two blocks must not restore each other's


def hub_reachable(timeout: float = 1.5) -> bool:
    """Whether the Hugging Face hub answers within `timeout` seconds; False at once when HF_HUB_OFFLINE is set."""
    if os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "TRUE", "YES", "ON"):
        return False
    url = urlparse(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    try:
        socket.create_connection((url.hostname, url.port or 443), timeout=timeout).close()
    except OSError:
        return False
    return True


@contextmanager
def offline() -> Iterator[bool]:
    """Where the hub is out of reach, its libraries read their caches inside, at once and not after 24 s of retries.

    Yields whether that is so. Afterwards they ask the hub again: it may be there the next time.
    """
    if hub_reachable():
        yield False
        return
    import datasets  # before the switch: it copies huggingface_hub's on being imported
    import huggingface_hub

    with _switching:
        settings: tuple[Any, ...] = (datasets.config, huggingface_hub.constants)
        before = [module.HF_HUB_OFFLINE for module in settings]
        try:
            for module in settings:
                module.HF_HUB_OFFLINE = True
            yield True
        finally:
            for module, was in zip(settings, before, strict=True):
                module.HF_HUB_OFFLINE = was


def in_hub_cache(name: str) -> bool:
    """Whether the `datasets` library has a copy of the data set `name` (org/name)."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_DATASETS_CACHE") or home / "datasets")
    kept = {folder.name.replace("_", "").lower() for folder in cache.glob("*___*")}  # OpenOrca is kept as open_orca
    return name.replace("/", "").replace("_", "").lower() in kept


def models_in_hub_cache() -> bool:
    """Whether any model of the hub has been fetched to this machine."""
    from huggingface_hub import constants

    return any(Path(constants.HF_HUB_CACHE).glob("models--*"))
