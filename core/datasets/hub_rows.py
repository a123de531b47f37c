"""Rows of a data set on the Hugging Face hub, or of its copy in the hub's cache."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.errors import DataError
from core.system.hub import hub_reachable, in_hub_cache, offline

if TYPE_CHECKING:
    from datasets import Dataset

# org/name, org/name:split, org/name@revision:split, org/name/config@revision:split
HUB_ID = re.compile(
    r"(?P<name>[\w.-]+/[\w.-]+)(?:/(?P<config>[\w.-]+))?(?:@(?P<revision>[\w./-]+))?(?::(?P<split>[\w.\[\]%:+-]+))?"
)
FILE_SUFFIX = re.compile(r"\.(json(l|lines)?|csv|tsv|txt|gz|parquet|pq|feather|ndjson)$", re.IGNORECASE)


def check_hub(source: str) -> None:
    """Raise DataError unless `source` looks like a hub id and the hub, or a local copy, can answer."""
    match = HUB_ID.fullmatch(source)
    if not match or FILE_SUFFIX.search(source):
        raise DataError(
            f"{source} does not exist: check the path, or give a hub id such as org/name, org/name:split or "
            "org/name@revision:split."
        )
    if not in_hub_cache(match["name"]) and not hub_reachable():
        raise DataError(
            f"{source} is no file here, and the Hugging Face hub cannot be reached: download the data first."
        )


def load_hub(name: str, config: str | None, revision: str | None, split: str) -> Dataset:
    """The rows of a hub data set, out of the cache when the hub is out of reach; raises what `datasets` raises."""
    import datasets

    with offline():
        return datasets.load_dataset(name, config, revision=revision, split=split)
