"""Rows of a data set on the Hugging Face hub, or of its copy in the hub's cache."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.system.hub import hub_reachable

HUB_ID = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<config>[\w.-]+))?(?::(?P<split>[\w.\[\]%:+-]+))?")
FILE_SUFFIX = re.compile(r"\.(jsonl?|csv|tsv|txt|gz|parquet|ndjson)$", re.IGNORECASE)


def check_hub(source: str) -> None:
    """Raise unless `source` looks like a hub id and the hub, or a local copy, can answer."""
    match = HUB_ID.fullmatch(source)
    if not match or FILE_SUFFIX.search(source):
        raise DataError(
            f"{source} does not exist: check the path, or give a hub id such as org/name or org/name:split."
        )
    if not _in_hub_cache(match["name"]) and not hub_reachable():
        raise DataError(
            f"{source} is no file here, and the Hugging Face hub cannot be reached: download the data first."
        )


def _in_hub_cache(name: str) -> bool:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_DATASETS_CACHE") or home / "datasets")
    kept = {folder.name.replace("_", "").lower() for folder in cache.glob("*___*")}  # OpenOrca is kept as open_orca
    return name.replace("/", "").replace("_", "").lower() in kept


def load_hub(name: str, config: str | None, split: str) -> Any:
    """The rows of a hub data set; out of the cache at once, not after 23 s of retries, when the hub is unreachable."""
    import datasets
    import huggingface_hub

    offline = not hub_reachable()
    settings = (datasets.config, huggingface_hub.constants)
    before = [module.HF_HUB_OFFLINE for module in settings]
    try:
        for module, was in zip(settings, before, strict=True):
            module.HF_HUB_OFFLINE = was or offline
        return datasets.load_dataset(name, config, split=split)
    finally:
        for module, was in zip(settings, before, strict=True):
            module.HF_HUB_OFFLINE = was
