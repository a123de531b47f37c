"""Where Neuronpedia shows a feature, by the table of pretrained SAEs that sae-lens carries; nothing is fetched."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

SITE = "https://www.neuronpedia.org"
TABLE = "pretrained_saes.yaml"


@cache
def neuronpedia_id(sae_source: str) -> str | None:
    """model/source of a `release/sae_id` of sae-lens's table, None if it has none.

    Only the release's part of the table is parsed, and sae-lens is not imported: that would bring torch into a page.
    """
    import yaml

    release, _, sae_id = sae_source.partition("/")
    package = importlib.util.find_spec("sae_lens")
    table = Path(package.origin).with_name(TABLE) if package and package.origin else None
    if not sae_id or table is None or not table.is_file():
        return None
    block = re.search(rf"^{re.escape(release)}:\n(?:[ -].*\n|\n)*", table.read_text(encoding="utf-8"), re.MULTILINE)
    entries = yaml.safe_load(block[0])[release]["saes"] if block else []
    return next((entry.get("neuronpedia") for entry in entries if entry["id"] == sae_id), None)


def neuronpedia_url(sae_source: str, feature: int) -> str | None:
    """The page of a feature on neuronpedia.org; None for an SAE that is not there."""
    found = neuronpedia_id(sae_source)
    return f"{SITE}/{found}/{int(feature)}" if found else None
