"""The topics that come with this program, for the models that they fit."""

from __future__ import annotations

import json
from pathlib import Path

from core.lm.names import known_as
from core.system.files import PROJECT
from core.topics.model import CONFIG

FOLDER = PROJECT / "assets"


def shipped_topics(model_name: str, hook_point: str, d_in: int, folder: Path = FOLDER) -> Path | None:
    """The folder of topics trained on this model's vectors of this hook point and width, or None.

    model_name: a hub id, a folder or a GGUF file. A quantised model has the topics of the model it was made of.
    """
    for path in sorted(folder.glob(f"topics-*/{CONFIG}")):
        config = json.loads(path.read_text(encoding="utf-8"))
        metadata = config.get("metadata") or {}
        same = known_as(metadata.get("model_name") or "") == known_as(model_name)
        if same and metadata.get("hook_name") == hook_point and config.get("d_in") == d_in:
            return path.parent
    return None
